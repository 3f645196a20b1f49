"""Processes around a stack: a deployment that still runs, and what a killed one left behind.

The command line starts its language host and plugins in process groups of their own: they outlive
it, and so does what they run. Linux tells all this in /proc; elsewhere nothing is found.
"""

import os
import signal
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
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
    for folder in PROC.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            status = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if not words or status[0] == "Z":
                continue
            names = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            found[int(folder.name)] = Process(
                pid=int(folder.name),
                parent=int(status[1]),
                words=words,
                folder=str((folder / "cwd").readlink()),
                variables=frozenset(entry.partition("=")[0] for entry in names),
            )
        except OSError:
            continue
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


def end(ended: Iterable[Process]) -> None:
    """Ask processes to end, parents first, and end those that don't."""
    ended = list(ended)
    for process in ended:
        _signal(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and any(_runs(process) for process in ended):
        time.sleep(0.1)
    for process in ended:
        if _runs(process):
            _signal(process.pid, signal.SIGKILL)


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


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _runs(process: Process) -> bool:
    now = processes().get(process.pid)
    return now is not None and now.words == process.words
