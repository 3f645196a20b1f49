"""The virtual environment, made from a lock file and made again only when that has changed."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import apt, paths
from .errors import ToolchainError
from .progress import Step
from .shell import run

LOCK = "requirements.txt"
# The lock of the tests holds everything that LOCK does, in the same versions.
DEV_LOCK = "requirements-dev.txt"
STAMP = "made-from"


def python() -> Path:
    """The interpreter that environments are made with: never one inside an environment."""
    return Path(getattr(sys, "_base_executable", sys.executable))


def key(lock: Path) -> str:
    """What an environment depends on: the lock's content and the interpreter."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{lock.name} {digest} {sys.version.split()[0]} {python().resolve()}"


def current(folder: Path, root: Path, lock: str) -> bool:
    """Whether the environment in `folder` is whole and serves `lock`."""
    try:
        stamp = (folder / STAMP).read_text().strip()
    except OSError:
        return False
    locks = {lock, DEV_LOCK}
    return any((root / name).is_file() and stamp == key(root / name) for name in locks)


def problem(folder: Path, root: Path, lock: str) -> str:
    """Why the environment in `folder` does not serve `lock`; empty where it does."""
    if current(folder, root, lock):
        return ""
    if not folder.exists():
        return f"there is no virtual environment yet ({folder})"
    try:
        name, _, version, made_with = (folder / STAMP).read_text().split(maxsplit=3)
    except (OSError, ValueError):
        return f"the virtual environment in {folder} is unfinished, or was not made by this program"
    made_with = made_with.strip()
    if (version, made_with) != (sys.version.split()[0], str(python().resolve())):
        return (
            f"the virtual environment in {folder} was made with Python {version}, {made_with},\n"
            f"  and the first python3 on PATH is {sys.version.split()[0]}, {python().resolve()}"
        )
    return f"{name} has changed since the virtual environment in {folder} was made from it"


def maker(folder: Path) -> str:
    """The interpreter that the environment in `folder` was made with, if it is still there."""
    try:
        path = (folder / STAMP).read_text().split(maxsplit=3)[3].strip()
    except (OSError, IndexError):
        return ""
    return path if Path(path).is_file() else ""


def ensure(step: Step, *, dev: bool = False) -> None:
    """Makes `.venv` from the lock, or finds it made. `dev` adds what tests and checks need."""
    lock = DEV_LOCK if dev else LOCK
    if current(paths.VENV, paths.ROOT, lock):
        step.already(f".venv from {lock}")
        return
    with _alone(step):
        if current(paths.VENV, paths.ROOT, lock):
            step.already(f".venv from {lock}")
            return
        _make(step, paths.ROOT / lock)
    step.done(f".venv from {lock}")


@contextmanager
def _alone(step: Step) -> Iterator[None]:
    """Two `make` at once in one checkout: the second waits for the first."""
    handle = os.open(paths.ROOT, os.O_RDONLY)
    try:
        step.update("waiting for another `make` in this checkout")
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make(step: Step, lock: Path) -> None:
    extends = lock.name == DEV_LOCK and current(paths.VENV, paths.ROOT, LOCK)
    # Without its stamp the environment counts as unfinished, however this is interrupted.
    (paths.VENV / STAMP).unlink(missing_ok=True)
    if not extends:
        _see_to_ensurepip(step)
        step.update(f"making {paths.VENV.name}")
        run([python(), "-m", "venv", "--clear", paths.VENV], on_line=step.update)
    pip: list[str | Path] = [
        paths.VENV / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
    ]
    run(
        [*pip, "install", "--require-hashes", "--requirement", lock],
        on_line=step.update,
        what=f"pip install -r {lock.name}",
        remedy="pip has to reach a package index: its usual settings (PIP_INDEX_URL, PIP_CERT,\n"
        "https_proxy, pip.conf) hold here too.",
    )
    (paths.VENV / STAMP).write_text(key(lock) + "\n")


def _see_to_ensurepip(step: Step) -> None:
    """Debian keeps what a new environment needs in a package of its own."""
    if importlib.util.find_spec("ensurepip"):
        return
    if not (apt.available() and apt.is_root()):
        raise ToolchainError(
            f"{python()} cannot make virtual environments: it comes without ensurepip",
            "On Debian and Ubuntu:  sudo apt-get install python3-venv",
        )
    step.say("This Python cannot make virtual environments: installing python3-venv with apt-get")
    apt.refresh(step)
    apt.install(["python3-venv"], step)
