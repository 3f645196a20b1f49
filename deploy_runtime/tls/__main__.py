"""Keeps the certificate that the HAProxy beside it ends TLS with.

python3 -m deploy_runtime.tls put < PEM     visitors who connect from now on are shown this one
python3 -m deploy_runtime.tls keep < PEM    an edge that does not run will start with it
python3 -m deploy_runtime.tls show          what visitors are shown, as JSON
"""

import json
import sys
from collections.abc import Sequence

from ..edge.haproxy import EdgeError
from . import certificate


def main(words: Sequence[str]) -> int:
    """Carry out one command; the exit code."""
    try:
        match words:
            case ["put"]:
                certificate.put(sys.stdin.read())
            case ["keep"]:
                certificate.keep(sys.stdin.read())
            case ["show"]:
                print(json.dumps(certificate.show()))
            case _:
                print("usage: python3 -m deploy_runtime.tls put|keep|show", file=sys.stderr)
                return 2
    except EdgeError as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
