"""Files that are whole or not there at all, and that the edge's user alone can read."""

import os
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Put content in the place of a file's, if it has any.

    Raises:
        OSError: it can't be written; what was there still is.
    """
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    with new.open("wb") as stream:
        stream.write(content)
        stream.flush()
        # An empty file would be all that a host finds after its power failed.
        os.fsync(stream.fileno())
    new.replace(file)
