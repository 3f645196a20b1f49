"""Takes the bits from an image's files by which their programs run as another user than who starts
them: `python -m deploy_runtime.setuid`. Nothing that serves needs one.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_BITS = stat.S_ISUID | stat.S_ISGID


def take(root: Path) -> list[Path]:
    """Take them from every file below a folder, on its own file system; returns whose they were."""
    found = []
    for path, mode in _files(root, root.lstat().st_dev):
        if mode & _BITS:
            path.chmod(stat.S_IMODE(mode) & ~_BITS)
            found.append(path)
    return found


def _files(root: Path, device: int) -> Iterator[tuple[Path, int]]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if (here / name).lstat().st_dev == device]
        for name in files:
            known = (here / name).lstat()
            if stat.S_ISREG(known.st_mode) and known.st_dev == device:
                yield here / name, known.st_mode


if __name__ == "__main__":
    for taken in take(Path("/")):
        print(f"no setuid or setgid any more: {taken}", file=sys.stderr)
