"""The edge that sites on one host share, as a site finds it before it changes anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..inside import EDGE_HTTPS, SHARED_SITES
from ..inside import SHARED_EDGE as MODULE
from ..own_commands import typed
from ..place import DEPLOYMENT, SHARED_EDGE, Place
from .docker_host import Host
from .inspected import Container


@dataclass(frozen=True, kw_only=True)
class SharedClaim:
    """What a site is about to take of it.

    Attributes:
        shared: the shared edge's deployment.
        deployment: the site's.
        domains: the site's domains.
        https_port: the port of https that visitors come by.
    """

    shared: str
    deployment: str
    domains: Sequence[str]
    https_port: int

    def problems(self, host: Host) -> Iterator[str]:
        """One line for each thing that stands in the way, and what resolves it."""
        found = self._container(host)
        if found is None:
            yield self._missing(host)
            return
        if not found.is_up:
            yield (
                f"site.sharedEdge is {self.shared}, whose container {found.name} does not run: "
                f"`docker start {found.name}`, or `{typed('up', self.shared)}`"
            )
        https = _https_port(found)
        if https and self.https_port != https:
            yield (
                f"tls.httpsPort is {self.https_port}, but visitors come by that of the shared edge "
                f"{self.shared}: `pulumi config set --path tls.httpsPort {https} -s STACK`"
            )
        yield from self._taken(host)

    def led(self, host: Host) -> frozenset[str]:
        """The domains whose visitors it passes on to the site now."""
        mine = Place(self.deployment).edge
        there = sites_of(host, self.shared)
        return frozenset(domain for domain, edge in there.items() if edge == mine)

    def _container(self, host: Host) -> Container | None:
        return next(iter(host.having(self.shared, SHARED_EDGE)), None)

    def _taken(self, host: Host) -> Iterator[str]:
        mine, there = Place(self.deployment).edge, sites_of(host, self.shared)
        for domain in self.domains:
            edge = there.get(domain, mine)
            if edge != mine:
                other = edge.removesuffix(Place("").edge)
                tell = f"docker exec {Place(self.shared).shared_edge} python3 -m {MODULE}"
                yield (
                    f"site.domains has {domain}, which leads to deployment {other} already: take "
                    "it out of site.domains of one of them, of that one first, and `pulumi up` "
                    f"there; if {other} is gone for good, `{tell} remove {edge}`"
                )

    def _missing(self, host: Host) -> str:
        others = [c.labels.get(DEPLOYMENT, "") for c in host.with_role(SHARED_EDGE)]
        if others:
            return (
                f"site.sharedEdge is {self.shared}, but the shared edge of this Docker host is "
                f"{', '.join(others)}: `pulumi config set --path site.sharedEdge {others[0]} "
                "-s STACK`"
            )
        return (
            f"site.sharedEdge is {self.shared}, but this Docker host has no shared edge yet: it is "
            f"a stack of its own, whose config is `sharedEdge: {{httpPort: 80}}`; "
            f"`{typed('up', self.shared)}` makes it (docs/shared-edge.md)"
        )


def sites_of(host: Host, shared: str) -> dict[str, str]:
    """The container of each domain's edge by domain, as a shared edge goes by them.

    Args:
        host: the Docker host.
        shared: the shared edge's deployment.
    """
    said = host.file_in(Place(shared).shared_edge, SHARED_SITES)
    return dict(line.split(maxsplit=1) for line in (said or b"").decode().splitlines())


def _https_port(container: Container) -> int:
    """The port of the host by which a shared edge is reached by https; 0 while it isn't."""
    bindings = container.ports.get(f"{EDGE_HTTPS}/tcp") or ()
    return next((int(binding["HostPort"]) for binding in bindings), 0)
