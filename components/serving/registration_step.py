"""Tells the edge that sites share which domains lead to a site: `… registration_step [remove]`."""

import os
import sys
from collections.abc import Sequence

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.client import docker, fail, inspect
from ..inside import SHARED_EDGE
from ..place import DEPLOYMENT

_COMMAND = ("python3", "-m", SHARED_EDGE)


def main(words: Sequence[str]) -> None:
    """Have SHARED_EDGE pass visitors of DOMAINS on to the container EDGE, or nobody any more."""
    shared, edge = os.environ["SHARED_EDGE"], os.environ["EDGE"]
    if list(words) == ["remove"]:
        _remove(shared, edge)
    else:
        _put(shared, edge, os.environ["DOMAINS"].split())


def _put(shared: str, edge: str, domains: Sequence[str]) -> None:
    done = docker("exec", shared, *_COMMAND, "put", edge, *domains)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"having {shared} pass visitors of {', '.join(domains)} on to {edge}: {said}")


def _remove(shared: str, edge: str) -> None:
    state = inspect(shared)
    if state is None:
        # It has gone, and what it went by, too.
        return
    if state["State"]["Running"]:
        done = docker("exec", shared, *_COMMAND, "remove", edge)
    else:
        alone = (*HELPER.options(), "--network", "none", "--volumes-from", shared, state["Image"])
        deployment = state["Config"]["Labels"][DEPLOYMENT]
        done = one_shot.run(deployment, "shared-sites", [*alone, *_COMMAND, "forget", edge])
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"having {shared} pass nobody on to {edge} any more: {said}")


if __name__ == "__main__":
    main(sys.argv[1:])
