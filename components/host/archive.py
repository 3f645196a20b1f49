"""Files on their way into a container or a volume: a tar archive, as `docker cp` reads it."""

import io
import tarfile
from collections.abc import Mapping


def archive(files: Mapping[str, bytes], *, mode: int = 0o400, owner: int = 0) -> bytes:
    """A tar archive of files.

    Args:
        files: their contents, by their paths in the archive.
        mode: their permissions.
        owner: the id of their user and group.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.uid, entry.gid = len(content), mode, owner, owner
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
