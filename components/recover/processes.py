"""Processes around a stack: a deployment that still runs, and what a killed one left behind.

The command line starts its language host and plugins in process groups of their own: they outlive
it, and so does what they run.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE = 10.0  # seconds between asking a process to end and ending it
_CLI = "pulumi"
_PLUGINS = ("pulumi-resource-", "pulumi-language-")
_BUSY = ("up", "update", "preview", "refresh", "destroy", "down", "dn", "import", "watch")
# What runs as a step, or for people, is a module of this package.
_PROGRAM = f"{__package__.partition('.')[0]}."


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of this machine.

    Attributes:
        pid: its id.
        parent: its parent's id.
        words: its command line.
        folder: its working directory; "" if that isn't told.
        variables: the names of its environment variables.
    """

    pid: int
    parent: int
    words: Sequence[str]
    folder: str = ""
    variables: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The program's name."""
        return self.words[0].rpartition("/")[2]

    def __str__(self) -> str:
        command = next((w for w in self.words if w.startswith(_PROGRAM)), self.name)
        return f"{command} (process {self.pid})"


def processes() -> dict[int, Process]:
    """What runs on this machine, by process id; without what belongs to other users."""
    found = {}
    for running in psutil.process_iter(["ppid", "cmdline", "cwd", "environ"]):
        told = running.info
        # Of what belongs to another user, or has ended, this tells nothing.
        if told["cmdline"] and told["cwd"] is not None and told["environ"] is not None:
            found[running.pid] = Process(
                pid=running.pid,
                parent=told["ppid"],
                words=told["cmdline"],
                folder=told["cwd"],
                variables=frozenset(told["environ"]),
            )
    return found


def deploying(all_: dict[int, Process], stack: str, folder: Path) -> list[Process]:
    """The Pulumi command lines that work on a stack of this project.

    Args:
        all_: what runs.
        stack: the stack's name; a command line that names none may mean it.
        folder: the project's folder.
    """
    return [
        process
        for process in all_.values()
        if process.name == _CLI
        and any(word in _BUSY for word in process.words[1:])
        and _is_within(_chosen_folder(process), folder)
        and _named_stack(process.words) in (None, stack)
    ]


def is_cli(all_: dict[int, Process], pid: int) -> bool:
    """Is this process a Pulumi command line?"""
    return pid in all_ and all_[pid].name == _CLI


def left_behind(all_: dict[int, Process], folder: Path) -> list[Process]:
    """What a killed command line left running for this project, parents before children."""
    mine = [process for process in all_.values() if _is_within(process.folder, folder)]
    roots = [p for p in mine if _is_orphaned_plugin(p, all_) or _is_orphaned_command(p, all_)]
    found = {process.pid: process for root in roots for process in _with_children(root, all_)}
    return list(found.values())


def end(ended: Iterable[Process], *, grace: float = GRACE) -> None:
    """Ask processes to end, parents first, and end those that don't."""
    asked = []
    for process in ended:
        with suppress(psutil.NoSuchProcess):
            asked.append(psutil.Process(process.pid))
    _each(asked, psutil.Process.terminate)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(_runs(process) for process in asked):
        time.sleep(0.1)
    _each(filter(_runs, asked), psutil.Process.kill)


def _is_within(place: str, folder: Path) -> bool:
    return bool(place) and folder in (Path(place), *Path(place).parents)


def _chosen_folder(process: Process) -> str:
    chosen = _option(process.words, "-C", "--cwd") or ""
    return os.path.normpath(Path(process.folder, chosen)) if process.folder else ""


def _named_stack(words: Sequence[str]) -> str | None:
    named = _option(words, "-s", "--stack")
    return named.rpartition("/")[2] if named else None


def _option(words: Sequence[str], *names: str) -> str | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else following
    return None


def _is_orphaned_plugin(process: Process, all_: dict[int, Process]) -> bool:
    if not process.name.startswith(_PLUGINS):
        return False
    # Its last word is the address of the engine that it works for.
    has_parent = any(above.name == _CLI for above in _ancestors(process, all_))
    return not has_parent and not _answers(process.words[-1])


def _is_orphaned_command(process: Process, all_: dict[int, Process]) -> bool:
    # Plugins tell what they run which project it is for; what people run isn't told.
    if "PULUMI_PROJECT" not in process.variables:
        return False
    if not any(word.startswith(_PROGRAM) for word in process.words):
        return False
    parents = (_CLI, *_PLUGINS)
    return not any(above.name.startswith(parents) for above in _ancestors(process, all_))


def _ancestors(process: Process, all_: dict[int, Process]) -> Iterator[Process]:
    while process.parent in all_:
        process = all_[process.parent]
        yield process


def _with_children(root: Process, all_: dict[int, Process]) -> Iterator[Process]:
    yield root
    for process in all_.values():
        if process.parent == root.pid:
            yield from _with_children(process, all_)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return True
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _each(asked: Iterable[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    for process in asked:
        with suppress(psutil.NoSuchProcess):
            act(process)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
