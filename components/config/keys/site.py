"""Where visitors reach the site, and what stands in front of it."""

from typing import Annotated

from pydantic import Field

from ..value_types import (
    Distinct,
    DomainName,
    HostName,
    IpNetwork,
    Megabytes,
    Name,
    Origin,
    PasswordHash,
    Processors,
    Unordered,
    UserName,
)
from .base import Keys, section


class AccessKeys(Keys):
    """Who may come in, for a site that isn't open to all, such as a staging one."""

    addresses: Annotated[tuple[IpNetwork, ...], Unordered] = ()
    """Networks that visitors have to come from, such as 192.0.2.0/24; others get 403. Empty is any.
    """

    users: dict[UserName, PasswordHash] = Field(default={})
    """Who may come in with a password, as name to its hash; `openssl passwd -6 | pulumi config set
    --secret --path 'site.access.users["ada"]'`. Empty asks nobody for one.
    """


class SiteKeys(Keys):
    """Where visitors reach the site."""

    port: int = Field(default=8080, ge=1, le=65535)
    """Port on 127.0.0.1 that the site is published on, where the edge does not end TLS."""

    domains: Annotated[tuple[DomainName, ...], Distinct] = ()
    """Names in the DNS by which visitors come, all of them by https: the first is the origin's, and
    visitors of the others are sent there. The edge ends TLS for them, see tls.mode.
    """

    redirects: dict[DomainName, DomainName] = Field(default={})
    """Of site.domains, those whose visitors are sent to another one than the first, as domain to
    domain; one that is sent to itself serves the site as well.
    """

    origin: Origin = Field(default="", examples=["https://www.example.org"])
    """Origin that visitors use, such as https://www.example.org; empty is that of the first of
    site.domains, or http://127.0.0.1:PORT where there is none.
    """

    allowed_hosts: Annotated[tuple[HostName, ...], Unordered] = Field(
        default=(), examples=[["example.org"]]
    )
    """Host names that the site answers to, besides the origin's."""

    trusted_proxies: Annotated[tuple[IpNetwork, ...], Unordered] = Field(
        default=(), examples=[["192.0.2.0/24", "2001:db8::/32"]]
    )
    """Networks of what stands in front, such as a CDN's: for whom it speaks is taken from its
    X-Forwarded-For, of nobody else's. Empty is nobody where the edge ends TLS.
    """

    access: AccessKeys = section()
    """Who may come in, for a site that isn't open to all, such as a staging one."""

    edge: bool = True
    """Publish the site by the program's own proxy; false for your own one, on the network
    DEPLOYMENT-traffic.
    """

    max_body_size: int = Field(default=100, ge=1, le=100_000)
    """Largest request body that the edge accepts, in megabytes; a larger one gets 413."""

    shared_edge: Name = ""
    """Deployment of the edge that sites on this host share, such as host, for a site that ends TLS:
    visitors of site.domains come through its ports, and this site's own edge publishes none.
    """

    edge_memory: Megabytes = Field(default=0, examples=[512])
    """Megabytes that the edge's container may take; 0 is no limit."""

    edge_cpus: Processors = Field(default=0, examples=[1])
    """Processors that it may take, such as 0.5; 0 is no limit."""
