"""The edge that sites on one host share: a stack of its own, which is the host's."""

from pydantic import Field

from ..value_types import DockerAddress, Megabytes, Name, Processors
from .base import Keys, section


class SharedEdgeKeys(Keys):
    """An edge that sites on one host share, in place of a site."""

    http_port: int = Field(default=80, ge=1, le=65535, examples=[80])
    """Any of these keys makes the stack one of a shared edge, which sites name in site.sharedEdge;
    beside them there may be deployment and host. This one is the port of http, of all addresses.
    """

    https_port: int = Field(default=443, ge=1, le=65535, examples=[443])
    """The port of https, likewise."""

    memory: Megabytes = Field(default=0, examples=[256])
    """Megabytes that its container may take; 0 is no limit."""

    cpus: Processors = Field(default=0, examples=[1])
    """Processors that it may take, such as 0.5; 0 is no limit."""


class HostKeys(Keys):
    """The keys of a stack that is no site, but what the sites of a host share."""

    deployment: Name = Field(min_length=1)
    """What sites call it: the value of their `site.sharedEdge`."""

    host: DockerAddress = ""
    """As a site's."""

    shared_edge: SharedEdgeKeys = section()
    """An edge that sites on one host share, in place of a site."""
