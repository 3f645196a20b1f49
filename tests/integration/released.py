"""Released versions of the program, from the repository's own history."""

import io
import os
import subprocess
import sys
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.integration.harness import ROOT

FIRST = "0.1.0"
"""From this version on an upgrade is an ordinary update."""


class HistoryError(Exception):
    """The history that a test needs is not at hand."""


@dataclass(frozen=True, kw_only=True)
class Released:
    """A released version, unpacked.

    Attributes:
        folder: its files, as they were committed.
        venv: a virtual environment of its own, from its own lock.
    """

    folder: Path
    venv: Path


def unpack(version: str, folder: Path) -> Released:
    """Unpack a released version, and make its virtual environment.

    Args:
        version: such as ``0.1.0``.
        folder: for both.

    Raises:
        HistoryError: the repository has not the commit.
    """
    source, venv = folder / "program", folder / "venv"
    archive = _git("archive", commit_of(version))
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(source, filter="data")
    _uv("venv", "--quiet", "--python", sys.executable, venv)
    _uv(
        "pip", "install", "--quiet", "--require-hashes", "-r", source / "requirements.txt", env=venv
    )
    return Released(folder=source, venv=venv)


def commit_of(version: str) -> str:
    """The commit of a release: its tag's, else the one whose subject is ``Release VERSION``.

    Raises:
        HistoryError: there is neither, such as in a shallow clone, and none can be fetched.
    """
    if _found(version) is None and _git("remote").strip():
        shallow = _git("rev-parse", "--is-shallow-repository").strip() == b"true"
        with suppress(HistoryError):
            _git("fetch", "--quiet", "--tags", *(["--unshallow"] if shallow else []))
    found = _found(version)
    if found is None:
        raise HistoryError(
            f'this repository has neither the tag v{version} nor a commit "Release {version}": '
            "an upgrade can be tried in a whole clone only (`git fetch --unshallow --tags`)"
        )
    return found


def _found(version: str) -> str | None:
    tagged = f"v{version}^{{commit}}"
    done = subprocess.run(
        ["git", "rev-parse", "--quiet", "--verify", tagged], cwd=ROOT, stdout=subprocess.PIPE
    )
    if done.returncode == 0:
        return done.stdout.decode().strip()
    words = ("log", "--format=%H", f"--grep=^Release {version.replace('.', '[.]')}$")
    return next(iter(_git(*words).decode().split()), None)


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        raise HistoryError(f"git {' '.join(words)}: {done.stderr.decode().strip()}")
    return done.stdout


def _uv(*words: str | Path, env: Path | None = None) -> None:
    variables = {**os.environ, "VIRTUAL_ENV": str(env)} if env else None
    subprocess.run([sys.executable, "-m", "uv", *words], check=True, env=variables)
