"""Switches traffic: hands the edge its configuration, and waits until that is in force."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from ..host.client import docker, fail
from ..inside import EDGE_CONTROL
from ..migrations import aftermath
from ..migrations.applied import description
from . import takeover
from .takeover import TakeoverError

_GRACE = 35  # seconds, where nothing says how long what is taken over from may take to stop


def main() -> None:
    """Have EDGE send requests to the servers in the configuration on standard input.

    One that doesn't run yet is started, in the place of what has its port. A window in which
    nothing served, beside the file MIGRATIONS, ends with that.
    """
    migrations = os.environ.get("MIGRATIONS", "")
    edge, config, described = os.environ["EDGE"], sys.stdin.buffer.read(), description(migrations)
    retire, grace = described.get("retire") or (), int(described.get("grace") or _GRACE)
    try:
        undo = takeover.start(edge, config, retire=retire, grace=grace)
    except TakeoverError as error:
        _fail(str(error), migrations)
    done = docker("exec", "-i", edge, "python3", EDGE_CONTROL, "apply", stdin=config)
    if done.returncode != 0:
        _fail(done.stderr.decode(errors="replace").strip(), migrations, undo)
    aftermath.settle(migrations)


def _fail(said: str, migrations: str, undo: Callable[[], Sequence[str]] = list) -> NoReturn:
    again = undo()
    started = f"\n{', '.join(again)} was started again." if again else ""
    fail(f"switching traffic: {said}{started}\n{aftermath.left(migrations)}")


if __name__ == "__main__":
    main()
