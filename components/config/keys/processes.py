"""The processes of a release, and when they are healthy."""

from typing import Annotated

from pydantic import Field

from ...inside import HEALTH_PATH
from ..value_types import Capability, Megabytes, Processors, Unordered, UrlPath
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

    memory: Megabytes = Field(default=0, examples=[512])
    """Megabytes that each container of the application may take, whether it serves, seeds, checks
    or runs a command by hand; what takes more is killed. 0 is no limit.
    """

    cpus: Processors = Field(default=0, examples=[1.5])
    """Processors that each of them may take, such as 1.5; 0 is no limit."""

    writable_root: bool = False
    """Whether the project may write to its image's files. They are read-only otherwise, and what is
    to be written belongs into a volume, or into /tmp.
    """

    capabilities: Annotated[tuple[Capability, ...], Unordered] = Field(
        default=(), examples=[["NET_RAW"]]
    )
    """Linux capabilities that a program in the image may gain by its file (setcap, setuid), such as
    NET_RAW; without any, no program gains rights that the user 10001 has not.
    """
