"""The processes of a release, and when they are healthy."""

from pydantic import Field

from ...inside import HEALTH_PATH
from ..value_types import UrlPath
from .base import Keys, section


class WebKeys(Keys):
    """The processes that serve."""

    replicas: int = Field(default=1, ge=1, le=16)
    """Containers of the backend that serve at once; at an update twice as many run for a moment."""

    workers: int = Field(default=2, ge=1, le=64, examples=[3])
    """Worker processes of gunicorn."""

    threads: int = Field(default=4, ge=1, le=64)
    """Threads of each worker."""

    health: UrlPath = Field(default=HEALTH_PATH, examples=["/health/"])
    """Path that answers 2xx or 3xx when the site can serve; the default is supplied and queries the
    database.
    """

    smoke: tuple[UrlPath, ...] = Field(default=(), examples=[["/", "/search?q=a"]])
    """Paths that a new backend is asked for as a visitor would, before it gets traffic; one that
    answers 5xx, or 4xx but for 401, 403 and 405, refuses the release.
    """

    gate_timeout: int = Field(default=120, ge=1, le=3600)
    """Seconds that a new backend may take to answer processes.web.health."""

    stop_grace: int = Field(default=30, ge=1, le=3600)
    """Seconds that requests in flight may take when a backend is stopped."""


class ProcessKeys(Keys):
    """The processes of a release."""

    web: WebKeys = section()
    """Those that serve."""
