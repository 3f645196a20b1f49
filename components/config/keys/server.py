"""The processes that serve, and when they are healthy."""

from pydantic import Field

from ..value_types import UrlPath
from .base import Keys


class ServerKeys(Keys):
    """The processes that serve."""

    replicas: int = Field(default=1, ge=1, le=16)
    """Containers of the backend that serve at once; at an update twice as many run for a moment."""

    workers: int = Field(default=2, ge=1, le=64)
    """Worker processes of gunicorn."""

    threads: int = Field(default=4, ge=1, le=64)
    """Threads of each worker."""

    health_path: UrlPath = "/-/health"
    """Path that answers 2xx or 3xx when the site can serve; the default is supplied and queries the
    database.
    """

    smoke_paths: tuple[UrlPath, ...] = Field(default=(), examples=[["/", "/search?q=a"]])
    """Paths that a new backend is asked for as a visitor would, before it gets traffic; one that
    answers 5xx, or 4xx but for 401, 403 and 405, refuses the release.
    """

    gate_timeout: int = Field(default=120, ge=1, le=3600)
    """Seconds that a new backend may take to answer healthPath."""

    stop_grace: int = Field(default=30, ge=1, le=3600)
    """Seconds that requests in flight may take when a backend is stopped."""
