"""What is done at an update, what is kept, and what is refused."""

from pydantic import Field

from ..value_types import AheadPolicy, ReleaseTag, StrategyName, UnsafePolicy
from .base import Keys


class OperationKeys(Keys):
    """Updates and releases."""

    strategy: StrategyName = "recommended"
    """Where static files are collected besides the build, one of recommended, conservative,
    production-optimized, aggressive.
    """

    collect_static_on_startup: bool = False
    """Collect static files at every start too, by COLLECT_STATIC_ON_STARTUP; for development."""

    migrate_flags: tuple[str, ...] = ("--run-syncdb",)
    """Flags of migrate, at start-up and in the seeding job alike."""

    migrate_timeout: int = Field(default=600, ge=1, le=86400)
    """Seconds that migrate waits at most while another container migrates the same database."""

    unsafe_migrations: UnsafePolicy = "refuse"
    """What to do about migrations that the serving version can't live with. refuse; allow: start
    first all the same; window: stop what serves meanwhile.
    """

    database_ahead: AheadPolicy = "refuse"
    """What to do about a database that has migrations of a later release, refuse or allow."""

    backups: int = Field(default=5, ge=0, le=100)
    """How many copies of the database are kept; one is made before migrations run on an update. 0
    makes none.
    """

    redeploy: int = Field(default=0, ge=0)
    """Raise it to deploy again without any other change."""

    keep_releases: int = Field(default=5, ge=1, le=100)
    """How many releases are kept on the host to go back to, the serving one included."""

    rollback: ReleaseTag = ""
    """Tag of a kept release that is served again, without building; empty deploys the project as it
    is.
    """

    debug: bool = False
    """Django's DEBUG."""

    mount_source: bool = False
    """Mount appPath into the container and restart workers when code changes; for development."""
