"""Migrations and releases: what is done at an update, what is kept, and what is refused."""

from pydantic import Field

from ..value_types import MigrationName, ReleaseImage, ReleaseTag
from .base import Keys


class MigrationKeys(Keys):
    """Migrations."""

    flags: tuple[str, ...] = ("--run-syncdb",)
    """Flags of migrate, at start-up and in the seeding job alike."""

    timeout: int = Field(default=600, ge=1, le=86400)
    """Seconds that migrate waits at most while another container migrates the same database."""

    window: bool = False
    """Whether what serves is stopped, behind a maintenance page, while migrations run that it can't
    live with; else these are refused.
    """

    allow: tuple[MigrationName, ...] = Field(default=(), examples=[["shop.0007_drop_name"]])
    """Migrations that run beside the serving version all the same, although it can't live with
    them. Each name ends with its migration: once that is applied, it does nothing any more.
    """

    allow_ahead: tuple[MigrationName, ...] = Field(default=(), examples=[["shop.0008_weight"]])
    """Migrations of a later release that the database may have when an earlier one is deployed."""


class ReleaseKeys(Keys):
    """Releases."""

    keep: int = Field(default=5, ge=1, le=100)
    """How many releases are kept on the host to go back to, the serving one included."""

    pin: ReleaseTag = ""
    """Tag of a kept release that is served again, without building; empty deploys the project as it
    is.
    """

    image: ReleaseImage = Field(
        default="", examples=[f"registry.example.org/shop:3a59e9887fcca73f@sha256:{'4f' * 32}"]
    )
    """A release that another stack has built and pushed, by its digest: its output releaseImage. It
    is served as it is; app.path and app.settings are not needed, and nothing is built. Empty builds
    the project.
    """

    redeploy: int = Field(default=0, ge=0)
    """Raise it to deploy again without any other change."""
