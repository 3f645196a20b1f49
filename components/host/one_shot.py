"""Containers that do one thing and are gone."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from ..container_defaults import restricted_like
from ..place import DEPLOYMENT, ROLE, Place
from ..place import options as label_options
from .client import docker, fail
from .masked_output import NOT_SHOWN, learn_mounted

GRACE = 10
"""Seconds that such a container has to end in, when it is in the way."""


Done = subprocess.CompletedProcess[bytes]

# The exit code of `docker run` where the daemon could not make or start the container.
_NOT_RUN = 125


def options(described: Mapping[str, Any], *kinds: str) -> list[str]:
    """The options of `docker run` for a description's mounts or environment.

    Args:
        described: the description, as the program writes it into a file.
        kinds: "mount" or "env", in the wanted order.
    """
    return [word for kind in kinds for value in described[kind] for word in (f"--{kind}", value)]


def environment(container: Mapping[str, Any]) -> list[str]:
    """The options of `docker run` for the variables of a container that is there.

    Args:
        container: what the daemon knows of it.
    """
    return [word for value in container["Config"]["Env"] for word in ("--env", value)]


def like(container: Mapping[str, Any]) -> list[str]:
    """The same for its variables, all that is mounted into it, and what it is denied.

    Args:
        container: what the daemon knows of it.
    """
    source = container["Name"].removeprefix("/")
    return [*restricted_like(container), "--volumes-from", source, *environment(container)]


def named(deployment: str, role: str) -> list[str]:
    """The options of `docker run` for the name and the labels by which it is found again."""
    return ["--name", Place(deployment).name(role), *label_options(Place(deployment).labels(role))]


def run(
    deployment: str,
    role: str,
    words: Sequence[str],
    *,
    networks: Sequence[str] = (),
    stdin: bytes | None = None,
) -> Done:
    """Run a container to its end, and return what it printed.

    Args:
        deployment: whose it is.
        role: what it does there; it is named after both.
        words: what follows the options that every such container gets.
        networks: those that it is on, where the words name none.
        stdin: what it reads.
    """
    make_room(deployment, role)
    # Not in the daemon's log either: one of them prints how a database is reached.
    common = ["--rm", "--init", *named(deployment, role), "--log-driver", "none"]
    reads = ["--interactive"] if stdin is not None else []
    on = [word for network in networks[:1] for word in ("--network", network)]
    if len(networks) < 2:
        return docker("run", *common, *reads, *on, *words, stdin=stdin)
    name = Place(deployment).name(role)
    problem = made(name, [*common, *reads, *on, *words], networks[1:])
    return problem or docker("start", "--attach", *reads, name, stdin=stdin)


def made(name: str, words: Sequence[str], networks: Sequence[str]) -> Done | None:
    """Make a container and connect it with further networks: `docker run` takes but one.

    Args:
        name: the container's name.
        words: the words of `docker create`.
        networks: those that it is on besides.

    Returns:
        What the client said if that failed, as if `docker run` had; else None.
    """
    done = docker("create", *words)
    for network in networks:
        if done.returncode == 0:
            done = docker("network", "connect", network, name)
    if done.returncode == 0:
        return None
    docker("rm", "--force", "--volumes", name)
    return subprocess.CompletedProcess(done.args, _NOT_RUN, b"", done.stderr)


def showable(done: Done, mounts: Sequence[str], image: str) -> Done:
    """What a container printed that failed, with its secrets known, so that they are masked.

    Args:
        done: as it ended; one that succeeded is returned as it is.
        mounts: its mounts, as `docker run` takes them.
        image: its image.

    Returns:
        The same; if its secrets can't be read, without what it printed.
    """
    # What was never started printed nothing: the words are the daemon's.
    if done.returncode == 0 or learn_mounted(mounts, image) or done.returncode == _NOT_RUN:
        return done
    return subprocess.CompletedProcess(done.args, done.returncode, b"", NOT_SHOWN.encode())


def make_room(deployment: str, role: str) -> None:
    """Remove the container that an interrupted command left behind.

    If that name is another's, this command fails: it is not known what it is for.
    """
    if not remove(deployment, role):
        name = Place(deployment).name(role)
        fail(
            f"container {name} is in the way: its labels do not say that it is the {role} of "
            f"deployment {deployment}, so it is left alone.\nWhat to do: "
            f"`docker rename {name} ANOTHER-NAME`, and run the same again"
        )


def remove(deployment: str, role: str) -> bool:
    """Remove the deployment's container with that role, running or not.

    Returns:
        False if the container of that name is another's.
    """
    name = f"name=^{Place(deployment).name(role)}$"
    shown = f'{{{{.ID}}}} {{{{.Label "{DEPLOYMENT}"}}}} {{{{.Label "{ROLE}"}}}}'
    said = docker("ps", "--all", "--no-trunc", "--filter", name, "--format", shown)
    for line in said.stdout.decode().splitlines():
        id_, *marks = line.split(" ")
        if marks != [deployment, role]:
            return False
        _end(id_)
    return True


def _end(container: str) -> None:
    # It may be migrating: asked to end, it goes back to the last migration that is whole.
    docker("stop", "--time", str(GRACE), container)
    deadline = time.monotonic() + GRACE
    while "in progress" in docker("rm", "--force", container).stderr.decode(errors="replace"):
        # It was to be removed at its end, and until it is, its name is taken.
        if time.monotonic() > deadline:
            fail(f"container {container[:12]} is being removed, and that does not end")
        time.sleep(0.1)


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
