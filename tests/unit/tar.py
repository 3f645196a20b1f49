"""Archives as `docker cp CONTAINER:FILE -` writes them."""

from components.host.archive import archive


def tar_of(content: bytes, name: str = "ledger.jsonl") -> bytes:
    """A tar archive with one file in it."""
    return archive({name: content})
