"""Switches traffic: hands the edge its configuration, and waits until that is in force."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from ..host.client import docker, fail
from ..inside import EDGE_CONTROL
from ..migrations import aftermath
from ..migrations.applied import description
from . import takeover
from .takeover import TakeoverError


def main() -> None:
    """Have EDGE send requests to the servers in the configuration on standard input.

    One that doesn't run yet is started, in the place of what has its port. A window in which
    nothing served, as the file CHECK describes it, ends with that.
    """
    edge, config = os.environ["EDGE"], sys.stdin.buffer.read()
    described = description(os.environ["CHECK"])
    try:
        undo = takeover.start(edge, config, retire=described["retire"], grace=described["grace"])
    except TakeoverError as error:
        _fail(str(error), described)
    done = docker("exec", "-i", edge, "python3", EDGE_CONTROL, "apply", stdin=config)
    if done.returncode != 0:
        _fail(done.stderr.decode(errors="replace").strip(), described, undo)
    aftermath.settle(described)


def _fail(
    said: str, described: Mapping[str, Any], undo: Callable[[], Sequence[str]] = list
) -> NoReturn:
    again = undo()
    started = f"\n{', '.join(again)} was started again." if again else ""
    fail(f"switching traffic: {said}{started}\n{aftermath.explain(described)}")


if __name__ == "__main__":
    main()
