"""The files of a project, but for what others put beside them."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from ..image.project import SKIPPED


def files_named(root: Path, pattern: str) -> Iterator[Path]:
    """Every file below a folder whose name fits, in order.

    Args:
        root: the folder.
        pattern: as a shell has it.
    """
    for here, below, files in os.walk(root):
        below[:] = sorted(d for d in below if d not in SKIPPED and not d.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if fnmatch(name, pattern))
