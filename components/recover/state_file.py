"""A stack's state after an interruption: torn files, locks, operations that never ended."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config.stack_file import project_name, read_stack_file, stack_file, value_at
from ..host.client import fail
from ..own_commands import ACTIVATE, typed
from ..place import default_deployment
from ..stack_state import StackState

_FILE = "file://"
_SERVICE = ("https://", "http://")
# As Pulumi ends an error about a lock.
_HOLDER = re.compile(r"created by (.*)@(\S*) \(pid (\d+)\) at (\S+)")
_LONG = 1800  # seconds: a refresh asks about every resource, one command after another


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock on a stack, as Pulumi keeps it in a folder or in a bucket.

    Attributes:
        user: who took it.
        host: on which machine.
        pid: by which process there; 0 if the file doesn't tell.
        since: when, as text.
    """

    user: str = "somebody"
    host: str = ""
    pid: int = 0
    since: str = "an unknown time"

    @property
    def is_from_here(self) -> bool:
        """It was taken on this machine, or the file does not tell where."""
        return self.host in ("", socket.gethostname())

    def __str__(self) -> str:
        return f"a lock of {self.user}@{self.host}, process {self.pid}, since {self.since}"


@dataclass(frozen=True, kw_only=True)
class State:
    """What a stack's state knows.

    Attributes:
        ids: the ids of what is in it.
        pending: operations that were begun and have no end, in words.
        serving: the names of the containers that traffic was switched to.
    """

    ids: frozenset[str] = frozenset()
    pending: Sequence[str] = ()
    serving: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A state that can't be read.

    Attributes:
        file: where it is.
        before: the latest one that can be read; None if there is none.
        is_step_before: that one is of one step before, and not of the end of an earlier update.
    """

    file: Path
    before: Path | None
    is_step_before: bool

    @property
    def source(self) -> str:
        """What is put back, in words."""
        if self.before is None:
            return ""
        if self.is_step_before:
            return f"the state of one step before, {self.before.name}"
        made = datetime.fromtimestamp(self.before.stat().st_mtime, tz=UTC)
        return (
            f"the state as the last update left it that is in Pulumi's history, {self.before}, of "
            f"{made:%Y-%m-%d %H:%M} UTC; what was made since is looked for below"
        )


def pulumi(*words: str, timeout: float = _LONG) -> subprocess.CompletedProcess[str]:
    """Run Pulumi's command line; a failure is the caller's to judge."""
    command = ["pulumi", "--non-interactive", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except FileNotFoundError:
        fail(f"there is no pulumi on PATH: `{ACTIVATE}` first, or use `{typed('recover')}`")


def pulumi_or_fail(*words: str) -> str:
    """Run Pulumi's command line; if it fails, so does this command, with what it said."""
    done = pulumi(*words)
    if done.returncode != 0:
        fail(f"`pulumi {' '.join(words)}` failed:\n{(done.stderr + done.stdout).strip()}")
    return done.stdout


def address() -> str:
    """Where Pulumi keeps states, as `pulumi login` takes it."""
    return str(json.loads(pulumi_or_fail("whoami", "--json")).get("url", ""))


def folder_of_states(url: str) -> Path | None:
    """The folder in which Pulumi keeps states; None if they are not kept in a folder."""
    if not url.startswith(_FILE):
        return None
    return Path(url.removeprefix(_FILE).partition("?")[0]).expanduser() / ".pulumi"


def is_with_a_service(url: str) -> bool:
    """Whether states are with Pulumi's service or one like it, which minds its locks itself."""
    return url.startswith(_SERVICE)


def config(stack: str) -> Mapping[str, Any]:
    """What a stack's config file says in plain text of `deployment`, `host` and `retire`.

    It is read without Pulumi: the stack may be gone, or its passphrase.
    """
    file = stack_file(stack)
    if not file.is_file():
        fail(f"there is no stack {stack!r}: {file} does not exist")
    try:
        said = read_stack_file(file, project_name())
    except ValueError as error:
        fail(f"the stack's config can't be read: {error}")
    name, retired = said.get("deployment"), said.get("retire")
    return {
        "deployment": name if name and isinstance(name, str) else default_deployment(stack),
        "host": value_at(said, "host"),
        "retire": retired if isinstance(retired, list) else [],
    }


def torn(folder: Path, stack: str) -> list[Path]:
    """Files that a killed process wrote by half, beside a stack's state and its locks.

    Pulumi puts a state in place whole, but what it notes beside it is written where it stands; it
    reads neither a stack nor a lock whose note is cut off.
    """
    found = []
    for file in _files(folder, stack):
        cut_off = file.suffix == ".attrs" and not _is_json(file)
        if cut_off or file.suffix == ".tmp":
            found.append(file)
    return sorted(found)


def damaged(folder: Path, stack: str) -> Damaged | None:
    """A state that can't be read, and the latest one that can; None if all is well."""
    file = folder / "stacks" / project_name() / f"{stack}.json"
    if _is_json(file) or (not file.is_file() and _is_removed(file)):
        return None
    step_before = file.with_name(f"{file.name}.bak")
    history = (folder / "history" / project_name() / stack).glob(f"{stack}-*.checkpoint.json")
    # Their names end with the time, in as many digits each.
    candidates = [step_before, *sorted(history, reverse=True)]
    before = next((candidate for candidate in candidates if _is_json(candidate)), None)
    if before is None and not file.is_file():
        return None
    return Damaged(file=file, before=before, is_step_before=before == step_before)


def put_back(file: Path, before: Path) -> None:
    """Let an earlier state take a damaged one's place."""
    shutil.copyfile(before, file)


def set_aside(file: Path) -> None:
    """Take a state that nothing can be read from out of the way, with what belongs to it."""
    for path in (file, file.with_name(f"{file.name}.bak")):
        if path.is_file():
            path.rename(path.with_name(f"{path.name}.unreadable"))
    file.with_name(f"{file.name}.attrs").unlink(missing_ok=True)


def locks(folder: Path, stack: str) -> list[Lock]:
    """The locks on a stack."""
    found = []
    for file in sorted(_locks_folder(folder, stack).glob("*.json")):
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            found.append(
                Lock(
                    user=said["username"],
                    host=said["hostname"],
                    pid=said["pid"],
                    since=_readable(said["timestamp"]),
                )
            )
        except (ValueError, KeyError):
            found.append(Lock())
    return found


def locks_in_bucket(stack: str) -> list[Lock]:
    """The locks on a stack whose state is in a bucket.

    Pulumi names them to whoever wants to hold the stack, too. Making a stack that is there needs
    its lock first, and then fails, having changed nothing.
    """
    if state(stack) is None:
        return []
    done = pulumi("stack", "init", "--no-select", stack)
    held = [
        Lock(user=user, host=host, pid=int(pid), since=_readable(since))
        for user, host, pid, since in _HOLDER.findall(done.stderr)
    ]
    if not held and "already exists" not in done.stderr:
        fail(f"whether stack {stack} is locked can't be told: {done.stderr.strip()}")
    return held


def state(stack: str) -> State | None:
    """What a stack's state knows; None if there is no such stack."""
    done = pulumi("stack", "export", "-s", stack)
    if done.returncode != 0:
        if "no stack named" in done.stderr:
            return None
        fail(f"the state of stack {stack} can't be read: {done.stderr.strip()}")
    deployment = json.loads(done.stdout).get("deployment") or {}
    resources = StackState.of(deployment.get("resources") or [])
    traffic = [r for r in resources.there if r.name.endswith("-traffic")]
    return State(
        ids=resources.ids,
        pending=tuple(
            f"{operation['type']} {operation['resource']['urn'].rpartition('::')[2]}"
            for operation in deployment.get("pending_operations") or []
        ),
        serving=tuple(name for switch in traffic for name in switch.triggers["backends"]),
    )


def refresh(stack: str) -> None:
    """Compare a stack's state with the host, and drop the operations that never ended."""
    pulumi_or_fail("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "-s", stack)


def _readable(timestamp: str) -> str:
    return timestamp[:19].replace("T", " ")


def _files(folder: Path, stack: str) -> Iterator[Path]:
    yield from (folder / "stacks" / project_name()).glob(f"{stack}.json*")
    yield from _locks_folder(folder, stack).glob("*.json*")


def _locks_folder(folder: Path, stack: str) -> Path:
    return folder / "locks" / "organization" / project_name() / stack


def _is_removed(file: Path) -> bool:
    # A stack that was removed leaves its backup.
    return not file.with_name(f"{file.name}.attrs").exists()


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return True
