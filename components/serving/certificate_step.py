"""Hands the edge the certificate that it ends TLS with: `… certificate_step [remove]`.

It comes through standard input, and goes on through that of a command in the edge's container: so
it is in no image, in no container's environment and on no command line.
"""

import os
import sys
from collections.abc import Sequence

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.client import docker, fail, inspect
from ..inside import EDGE_CERTIFICATE, EDGE_TLS
from ..place import DEPLOYMENT

_COMMAND = ("python3", "-m", EDGE_TLS)


def main(words: Sequence[str]) -> None:
    """Have the container EDGE end TLS with the PEM on standard input, or no more."""
    edge = os.environ["EDGE"]
    if list(words) == ["remove"]:
        _remove(edge)
    else:
        _put(edge, sys.stdin.buffer.read())


def _put(edge: str, content: bytes) -> None:
    state = inspect(edge)
    if state is None:
        fail(f"there is no container {edge}: run `pulumi up --refresh`")
    if state["State"]["Running"]:
        done = docker("exec", "-i", edge, *_COMMAND, "put", stdin=content)
    else:
        # It is held back until it gets its port, and starts with what is in its volume then.
        alone = (*HELPER.options(), "--network", "none", "--volumes-from", edge, state["Image"])
        deployment = state["Config"]["Labels"][DEPLOYMENT]
        done = one_shot.run(deployment, "certificate", [*alone, *_COMMAND, "keep"], stdin=content)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"handing the edge its certificate: {said}")


def _remove(edge: str) -> None:
    # An edge that has gone took its volume along, or will.
    docker("exec", edge, "rm", "-f", EDGE_CERTIFICATE)


if __name__ == "__main__":
    main(sys.argv[1:])
