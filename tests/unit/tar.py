"""Archives as `docker cp CONTAINER:FILE -` writes them."""

import io
import tarfile


def tar_of(content: bytes, name: str = "ledger.jsonl") -> bytes:
    """A tar archive with one file in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
