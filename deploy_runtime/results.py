"""What the steps of a build made, on its way into the image: `python -m deploy_runtime.results`.

    begin              before the steps: what is changed from now on is theirs
    keep FOLDER...     after them: sets aside what they made or changed below these folders
    take               in the image's own stage: puts it in its place
    leave              at its end: takes away again what only the build needs

Folders named node_modules only the build needs: static files may be collected from them, but they
are not in the image. Nor is bytecode, which is compiled anew.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .places import USER

MADE = Path("/opt/results")
MOUNTED = Path("/tmp/results")
_BEGAN = Path("/opt/results-began")
_BUILD_ONLY = "node_modules"
_NEVER = "__pycache__"


def begin(began: Path = _BEGAN, made: Path = MADE) -> None:
    """Remember the file system's time."""
    made.mkdir(parents=True, exist_ok=True)
    began.touch()
    # So that whatever follows is later by the file system's clock, which is a coarse one.
    time.sleep(0.05)


def keep(folders: Iterable[Path], began: Path = _BEGAN, made: Path = MADE) -> None:
    """Set aside what changed below some folders since `begin`."""
    # A file's own time may be any; that of its entry is when it came or was changed.
    since = began.stat().st_ctime_ns
    build_only: list[str] = []
    for folder in folders:
        for path in _changed(folder.resolve(), since):
            if path.name == _BUILD_ONLY and not path.is_symlink() and path.is_dir():
                (made / "build-only").mkdir(exist_ok=True)
                shutil.move(path, made / "build-only" / str(len(build_only)))
                build_only.append(str(path))
            else:
                target = made / "files" / path.relative_to("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)
    (made / "build-only.json").write_text(json.dumps(build_only))


def _changed(folder: Path, since: int) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        at = Path(here)
        if _BUILD_ONLY in folders and (at / _BUILD_ONLY).lstat().st_ctime_ns > since:
            yield at / _BUILD_ONLY
        links = [name for name in folders if (at / name).is_symlink()]
        folders[:] = [n for n in folders if n not in (_BUILD_ONLY, _NEVER)]
        for name in (*files, *links):
            if (at / name).lstat().st_ctime_ns > since:
                yield at / name


def take(mounted: Path = MOUNTED, root: Path = Path("/")) -> None:
    """Put everything in its place, and what only the build needs as links."""
    if (mounted / "files").is_dir():
        shutil.copytree(mounted / "files", root, symlinks=True, dirs_exist_ok=True)
        _own(os.environ.get("STATIC_ROOT", ""))
    for number, path in enumerate(_build_only(mounted)):
        path.symlink_to(mounted / "build-only" / str(number))


def _own(static: str) -> None:
    # The user that collects writes beside what the steps have put there.
    if static and os.geteuid() == 0:
        for here, folders, files in os.walk(static):
            for name in (*folders, *files):
                os.chown(Path(here, name), USER, USER, follow_symlinks=False)


def leave(mounted: Path = MOUNTED) -> None:
    """Take away what only the build needs."""
    for path in _build_only(mounted):
        path.unlink()


def _build_only(mounted: Path) -> list[Path]:
    file = mounted / "build-only.json"
    return [Path(path) for path in json.loads(file.read_text())] if file.is_file() else []


if __name__ == "__main__":
    action, *words = sys.argv[1:]
    if action == "keep":
        keep([Path(word) for word in words])
    elif action == "begin":
        begin()
    elif action == "take":
        take()
    else:
        leave()
