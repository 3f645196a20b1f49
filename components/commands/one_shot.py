"""Containers that do one thing and are gone."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from components.commands.client import docker


def options(described: Mapping[str, Any], *kinds: str) -> list[str]:
    """The options of `docker run` for a description's labels, mounts or environment.

    Args:
        described: the description, as the program writes it into a file.
        kinds: "label", "mount" or "env", in the wanted order.
    """
    return [word for kind in kinds for value in described[kind] for word in (f"--{kind}", value)]


def run(
    name: str, words: Sequence[str], *, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a container of that name to its end, and return what it printed.

    Args:
        name: the container's; one that an interrupted command left behind is removed first.
        words: what follows the options that every such container gets.
        stdin: what it reads.
    """
    docker("rm", "--force", name)
    # Not in the daemon's log either: one of them prints how a database is reached.
    common = ["--rm", "--init", "--name", name, "--log-driver", "none"]
    reads = ["--interactive"] if stdin is not None else []
    return docker("run", *common, *reads, *words, stdin=stdin)


def when_interrupted(undo: Callable[[], None]) -> None:
    """End at SIGTERM and SIGINT, after putting right what was begun.

    Args:
        undo: puts it right; what goes wrong in it is not said any more.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        with suppress(SystemExit):
            undo()
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
