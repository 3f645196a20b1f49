"""Migrations and releases: what is done at an update, what is kept, and what is refused."""

from pydantic import Field

from ..value_types import AheadPolicy, ReleaseTag, UnsafePolicy
from .base import Keys


class MigrationKeys(Keys):
    """Migrations."""

    flags: tuple[str, ...] = ("--run-syncdb",)
    """Flags of migrate, at start-up and in the seeding job alike."""

    timeout: int = Field(default=600, ge=1, le=86400)
    """Seconds that migrate waits at most while another container migrates the same database."""

    unsafe: UnsafePolicy = "refuse"
    """What to do about migrations that the serving version can't live with. refuse; allow: start
    first all the same; window: stop what serves meanwhile.
    """

    ahead: AheadPolicy = "refuse"
    """What to do about a database that has migrations of a later release, refuse or allow."""


class ReleaseKeys(Keys):
    """Releases."""

    keep: int = Field(default=5, ge=1, le=100)
    """How many releases are kept on the host to go back to, the serving one included."""

    pin: ReleaseTag = ""
    """Tag of a kept release that is served again, without building; empty deploys the project as it
    is.
    """

    redeploy: int = Field(default=0, ge=0)
    """Raise it to deploy again without any other change."""
