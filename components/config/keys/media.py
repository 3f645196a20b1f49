"""Uploaded files."""

from typing import Annotated

from pydantic import Field

from ..value_types import MediaFolder, Source, Unordered
from .base import Keys


class MediaKeys(Keys):
    """Uploaded files."""

    volume: Source = ""
    """With existing data, the volume, or absolute folder on the host, that holds uploaded files;
    empty is DEPLOYMENT-media.
    """

    serve: bool = True
    """Serve uploaded files at MEDIA_URL, where the project's files are on disk."""

    private: Annotated[tuple[MediaFolder, ...], Unordered] = Field(
        default=(), examples=[["invoices"]]
    )
    """Folders below MEDIA_ROOT that are never served directly, such as documents that a view
    guards.
    """
