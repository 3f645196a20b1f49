"""A registry of images, for tests of releases that go to one; none is installed or started here.

Debian's package is fetched and unpacked beside the engines: installed, its service would begin.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from . import apt, paths
from .progress import Step
from .shell import run

_PACKAGE = "docker-registry"


def find() -> str | None:
    """The path of the program; None where this machine has none."""
    unpacked = _folder() / "usr/bin" / _PACKAGE
    return shutil.which(_PACKAGE) or (str(unpacked) if unpacked.is_file() else None)


def ensure(step: Step) -> None:
    """Sees to it that there is one, where there is a Debian to have it from.

    Args:
        step: is told what is done.
    """
    if there := find():
        step.already(there)
    elif not apt.available():
        step.done(f"none: tests of registries fail. They need Debian's {_PACKAGE} on PATH")
    else:
        if not apt.has_package(_PACKAGE) and apt.is_root():
            apt.refresh(step)
        _unpack(step)
        step.done(f"{find()}, unpacked")


def _unpack(step: Step) -> None:
    _folder().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_folder().parent) as draft:
        run(["sh", "-c", f'cd "$0" && apt-get download {_PACKAGE}', draft], on_line=step.update)
        (package,) = Path(draft).glob("*.deb")
        run(["dpkg", "-x", package, f"{draft}/all"], on_line=step.update)
        Path(draft, "all").rename(_folder())


def _folder() -> Path:
    return paths.cache_dir(os.environ) / _PACKAGE
