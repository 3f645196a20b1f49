"""What no command shows: the secrets of the containers whose output it passes on.

What runs in a container masks what it says by itself. What the project and its server print goes
past that, so whoever shows it gets to know the container's secrets first, and forgets them with its
own end.
"""

import io
import tarfile
from collections.abc import Iterable
from typing import Any

from deploy_runtime.masking import mask, masked_data

_hidden: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """Show none of these from now on."""
    _hidden.update(values)


def masked(text: str) -> str:
    """A text without what is hidden."""
    return mask(text, _hidden)


def masked_result(value: Any) -> Any:
    """Plain data without what is hidden."""
    return masked_data(value, _hidden)


def hide_archive(archive: bytes) -> None:
    """Show nothing of the files in a tar archive from now on.

    Raises:
        tarfile.TarError: it is none.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        found = [files.extractfile(entry) for entry in files if entry.isfile()]
        hide(file.read().decode(errors="replace") for file in found if file)
