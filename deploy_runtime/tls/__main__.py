"""Keeps the certificate that the HAProxy beside it ends TLS with.

python3 -m deploy_runtime.tls put < PEM      visitors who connect from now on are shown this one
python3 -m deploy_runtime.tls keep < PEM     an edge that does not run will start with it
python3 -m deploy_runtime.tls show           what visitors are shown, as JSON
python3 -m deploy_runtime.tls issue < JSON   the edge has a certificate for what the JSON says
python3 -m deploy_runtime.tls obtain < JSON  the same where no edge runs: it is kept for one
python3 -m deploy_runtime.tls run            the edge, and what renews its certificate
python3 -m deploy_runtime.tls renew          the latter alone
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from ..edge import processes
from ..edge.haproxy import EdgeError
from . import certificate, kept, renewal
from .lego import AcmeError
from .wanted import REFUSED, Wanted

_USAGE = "usage: python3 -m deploy_runtime.tls put|keep|show|issue|obtain|run|renew"


def main(words: Sequence[str]) -> int:
    """Carry out one command; the exit code."""
    try:
        return _carry_out(words)
    except AcmeError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    except EdgeError as refused:
        print(refused, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or kept.FOLDER}: {error.strerror}", file=sys.stderr)
    return 1


def _carry_out(words: Sequence[str]) -> int:
    match words:
        case ["put"]:
            certificate.put(sys.stdin.read())
        case ["keep"]:
            certificate.keep(sys.stdin.read())
        case ["show"]:
            shown, renewed = certificate.show(), renewal.told()
            print(json.dumps({**shown, "renewal": renewed} if renewed else shown))
        case ["issue"]:
            renewal.issue(Wanted.of_json(sys.stdin.read()))
        case ["obtain"]:
            renewal.obtain(Wanted.of_json(sys.stdin.read()))
        case ["run"]:
            return _run()
        case ["renew"]:
            renewal.keep_renewing()
        case _:
            print(_USAGE, file=sys.stderr)
            return 2
    return 0


def _run() -> int:
    try:
        renewal.start()
    except EdgeError as error:
        # HAProxy may have one that it can start with.
        print(error, file=sys.stderr, flush=True)
    # A process of its own: what it starts would else be waited for by the edge's own processes.
    subprocess.Popen([sys.executable, "-m", __package__ or "", "renew"])
    return processes.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
