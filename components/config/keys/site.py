"""Who may visit, who logs in, and what stands in front."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import ContainerName, HostName, ManyLines, MediaFolder, Unordered
from .base import Keys


class SiteKeys(Keys):
    """The site and its visitors."""

    allowed_hosts: Annotated[tuple[HostName, ...], Unordered] = Field(
        default=(), examples=[["example.org"]]
    )
    """Host names that the site answers to, besides the origin's."""

    admin_user: str = Field(default="admin", min_length=1)
    """User name that a seed step may create an administrator with."""

    admin_email: str = "admin@example.org"
    """E-mail address of that administrator."""

    secret_key: Annotated[SecretStr | None, ManyLines] = Field(default=None, min_length=32)
    """Django's SECRET_KEY; generated once and kept in the stack's config as a secret. At least 32
    characters.
    """

    admin_password: Annotated[SecretStr | None, ManyLines] = Field(default=None, min_length=8)
    """First password of that administrator; generated once and kept in the stack's config as a
    secret. At least 8 characters.
    """

    retire: tuple[ContainerName, ...] = Field(default=(), examples=[["old-web-1"]])
    """Containers that served until now; they are stopped and kept once the new backend is healthy.
    """

    max_body_size: int = Field(default=100, ge=1, le=100_000)
    """Largest request body that the edge accepts, in megabytes; a larger one gets 413."""

    edge: bool = True
    """Publish the site by the program's own proxy; false for your own one, on the network
    DEPLOYMENT-traffic.
    """

    serve_media: bool = True
    """Serve uploaded files at MEDIA_URL, where the project's files are on disk."""

    private_media: Annotated[tuple[MediaFolder, ...], Unordered] = Field(
        default=(), examples=[["invoices"]]
    )
    """Folders below MEDIA_ROOT that are never served directly, such as documents that a view
    guards.
    """
