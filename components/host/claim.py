"""What must be true of the Docker host before an update begins: whose is what, what is free."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..data.database_claim import DatabaseClaim
from ..errors import UserError
from ..own_commands import typed
from ..place import DEPLOYMENT, ROLE, SHARED_EDGE, STACK, Place
from . import config_folders, ports
from .data_sharing import Sharing
from .docker_host import Host
from .shared_edge import SharedClaim
from .uploads_without_volume import left_behind

_SERVING = ("backend", "edge", "postgres", SHARED_EDGE)
# Containers that ended are in nobody's way. One that never started holds volumes and networks.
_OVER = ("exited", "dead", "removing")


@dataclass(frozen=True, kw_only=True)
class Retired:
    """What is taken over from, as it is before the update.

    Attributes:
        runs: some of it runs.
        holds_port: it has, or may have, the port that the edge is to have, and has not yet.
    """

    runs: bool
    holds_port: bool


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a stack is about to take on the host.

    Attributes:
        deployment: the deployment's name.
        stack: the stack's full name, the mark of what it owns.
        ports: the TCP ports that are published, by the config key of each; none without an edge.
        data: ``create`` or ``existing``.
        volumes: the volumes that hold the site's data, by what they hold.
        data_file: the database's file, which has to be in its volume; "" if it may be made, or is
            none.
        database: what its database takes.
        further: further volumes, or folders of the host, that the application gets.
        retire: containers that served until now and are taken over from.
        owned: the ids of what is in the stack's state.
        edge: the role of the container that has the ports.
        shared: what it takes of an edge that sites share; None where it has none.
    """

    deployment: str
    stack: str
    ports: Mapping[str, int]
    data: str
    volumes: dict[str, str]
    data_file: str
    database: DatabaseClaim | None = None
    further: Collection[str] = ()
    retire: Sequence[str]
    owned: Collection[str]
    edge: str = "edge"
    shared: SharedClaim | None = None

    def check(self, host: Host) -> None:
        """Look for what would make the update fail or touch what belongs to somebody else.

        Raises:
            UserError: with one line for each obstacle, and what resolves it.
        """
        problems = list(self.problems(host))
        if problems:
            raise UserError(f"the Docker host is not ready for {self.deployment}", problems)

    def problems(self, host: Host) -> Iterator[str]:
        """One line for each thing on the host that stands in the way, and what resolves it."""
        yield from self._data_problems(host)
        yield from self._secrets_problems(host)
        yield from self._sharing(host).problems(host)
        for folder in self.further:
            if folder.startswith("/"):
                yield from config_folders.problems(host, "volumes", folder)
        yield from self._container_problems(host)
        yield from self._ownership_problems(host)
        yield from self._network_problems(host)
        yield from self._port_problems(host)
        yield from self._file_problems(host)
        yield from self.database.problems(host) if self.database else ()
        yield from self.shared.problems(host) if self.shared else ()

    def warnings(self, host: Host) -> Iterator[str]:
        """One line for each thing that stands in no way, but should be known."""
        yield from self._sharing(host).warnings(host)
        if self.data == "existing":
            yield from left_behind(host, self.retire, self.volumes["media.volume"])

    def _sharing(self, host: Host) -> Sharing:
        backends = host.having(self.deployment, "backend")
        # Whether another server has the data of one, its own claim asks.
        has_server = self.database is not None and self.database.server
        return Sharing(
            deployment=self.deployment,
            existing=self.data == "existing",
            sources={
                k: v for k, v in self.volumes.items() if not has_server or k != "database.volume"
            },
            retire=self.retire,
            serves=any(c.id in self.owned and c.status == "running" for c in backends),
        )

    def retired(self, host: Host) -> Retired:
        """What of `retire` runs now, and whether it has to stop before an edge can start."""
        found = {name: host.container(name) for name in self.retire}
        running = {n: c for n, c in found.items() if c and c.status not in ("created", *_OVER)}
        taken = self.ports.items()
        holders = {c.name for key, port in taken for c in host.publishing(port, key)}
        on_host = {name for name, container in running.items() if container.is_on_host_network}
        # Where the edge has the port, nobody else does.
        free = Place(self.deployment).edge not in holders
        holds = bool(self.ports) and free and bool(running.keys() & (holders | on_host))
        return Retired(runs=bool(running), holds_port=holds)

    def _data_problems(self, host: Host) -> Iterator[str]:
        for key, volume in self.volumes.items():
            if volume.startswith("/"):
                yield from config_folders.problems(host, key, volume)
                continue
            marks = host.volume_labels(volume)
            if self.data == "existing" and marks is None:
                layer = (
                    f"; if uploaded files are in a container's own layer, `docker volume create "
                    f"{volume}`, and the next preview says how to copy them"
                )
                yield (
                    f"{key}: data is existing, but there is no volume {volume}: "
                    f"see `docker volume ls`, then `pulumi config set --path {key} NAME -s "
                    "STACK`; or, "
                    "for a new site, `pulumi config set data create -s STACK`"
                    f"{layer if key == 'media.volume' and self.retire else ''}"
                )
            if self.data == "create" and marks is not None:
                yield from _volume_problems(self, key, volume, marks, host)

    def _secrets_problems(self, host: Host) -> Iterator[str]:
        volume = Place(self.deployment).kept_secrets
        marks = host.volume_labels(volume)
        # One that was handed over is in the state, and bears the mark of the stack that made it.
        if marks is None or volume in self.owned:
            return
        mine = marks.get(STACK) in (self.stack, None)
        if marks.get(DEPLOYMENT) != self.deployment or not mine:
            yield _foreign_secrets(volume, marks)

    def _file_problems(self, host: Host) -> Iterator[str]:
        source = self.volumes.get("database.volume", "")
        if self.data_file and host.has_file(source, self.data_file) is False:
            yield (
                f"database.file: there is no file {self.data_file} in {source}: an empty database "
                "would be made and an empty site served. Name the database's file there with "
                "`pulumi config set --path database.file FILE -s STACK`; what is there: `docker "
                "run --rm -v "
                f"{source}:/data IMAGE ls /data`"
            )

    def _container_problems(self, host: Host) -> Iterator[str]:
        # Without an edge, a backend is all there is to tell.
        role = "edge" if self.ports or self.shared else "backend"
        served = host.having(self.deployment, role)
        for name in self.retire:
            container = host.container(name)
            # Once this deployment serves, what it took over from may be gone.
            if container is None and not served:
                yield _unknown_container(name)
            elif container and _is_anothers(container.labels, self):
                yield f"retire names {name!r}, which belongs to another deployment of this program"

    def _ownership_problems(self, host: Host) -> Iterator[str]:
        for role in _SERVING:
            for container in host.having(self.deployment, role):
                mine = container.id in self.owned or container.name in self.retire
                if not mine and container.status not in _OVER:
                    yield _foreign_container(container.name, container.status, self)
        marks = Place(self.deployment).labels("network")
        for network in host.every_network:
            if network.id not in self.owned and marks.items() <= network.labels.items():
                yield _foreign_network(network.name, network.labels, self)

    def _network_problems(self, host: Host) -> Iterator[str]:
        # What one deployment calls its own may be what another's proxy would be let onto.
        place = Place(self.deployment)
        has_edge = self.ports or self.shared
        names = [self.deployment, place.front, place.database]
        names += [place.ingress if has_edge else place.traffic]
        names += [place.shared] if self.edge == SHARED_EDGE else []
        for network in host.every_network:
            owner = network.labels.get(DEPLOYMENT, self.deployment)
            if network.name in names and owner != self.deployment:
                yield _anothers_network(network.name, owner)

    def _port_problems(self, host: Host) -> Iterator[str]:
        for key, port in self.ports.items():
            holder = self._holder(host, port, key)
            if holder:
                yield ports.taken(key, port, holder)

    def _holder(self, host: Host, port: int, key: str) -> str | None:
        """What has a port and does not make room for the edge."""
        for container in host.publishing(port, key):
            mine = container.labels.get(DEPLOYMENT) == self.deployment
            if mine and container.labels.get(ROLE) == self.edge:
                return None
            retired = container.name in self.retire
            return None if retired else f"container {container.name}"
        return host.holder(port, key)


def _volume_problems(
    claim: Claim, key: str, volume: str, marks: dict[str, str], host: Host
) -> Iterator[str]:
    owner, stack = marks.get(DEPLOYMENT), marks.get(STACK)
    if owner == claim.deployment and stack in (claim.stack, None):
        return
    if owner is None:
        whose = "has no mark of this program"
    else:
        whose = f"belongs to deployment {owner} of stack {stack}"
    what = f"data is create, but volume {volume} exists and {whose}"
    serving = [u.name for u in host.users(volume) if not u.around and not u.is_of(claim.deployment)]
    if serving and owner is not None:
        yield (
            f"{what}, and {' and '.join(serving)} serves from it: hand that deployment over with "
            "`pulumi state move` (docs/update.md); for a new site, "
            "`pulumi config set deployment NAME -s STACK`"
        )
        return
    retiring = f", and name {' and '.join(serving)} in retire" if serving else ""
    yield (
        f"{what}: to serve that data, `pulumi config set data existing -s STACK` and "
        f"`pulumi config set --path {key} {volume} -s STACK`{retiring}; for a new site, "
        "`pulumi config set deployment NAME -s STACK`"
    )


def _foreign_secrets(volume: str, marks: Mapping[str, str]) -> str:
    owner = marks.get(DEPLOYMENT)
    if owner is None:
        whose = "has no mark of this program"
    else:
        whose = f"has the secrets of deployment {owner} of stack {marks.get(STACK)}"
    return (
        f"volume {volume} is where this deployment's generated secrets would be kept, but {whose}: "
        "`pulumi config set deployment NAME -s STACK` for another name here, or hand that "
        "deployment over with `pulumi state move` (docs/update.md)"
    )


def _is_anothers(marks: Mapping[str, str], claim: Claim) -> bool:
    # The role tells: a container inherits its image's labels, whoever started it.
    return marks.get(ROLE) in _SERVING and marks.get(DEPLOYMENT) != claim.deployment


def _unknown_container(name: str) -> str:
    return (
        f"retire names {name!r}: there is no such container, see `docker ps --all`; "
        "name one that is there, or remove it with `pulumi config rm retire -s STACK`"
    )


def _foreign_container(name: str, status: str, claim: Claim) -> str:
    what = "never started" if status == "created" else "runs"
    taking_over = f"; to take over from it, `pulumi config set --path 'retire[0]' {name} -s STACK`"
    return (
        f"container {name} of deployment {claim.deployment} {what}, but is in neither this stack's "
        "state nor its retire list: if an interrupted update or a lost state left it behind, "
        f"`{_recover(claim)}`; if another stack owns it, `pulumi config set deployment NAME -s "
        f"STACK`{'' if claim.edge == SHARED_EDGE else taking_over}"
    )


def _foreign_network(name: str, marks: Mapping[str, str], claim: Claim) -> str:
    return (
        f"network {name} of deployment {claim.deployment} was made by stack {marks.get(STACK)} and "
        "is not in this stack's state: one deployment belongs to one stack. `pulumi config set "
        "deployment NAME -s STACK` for another name here, or hand the resources over with `pulumi "
        "state move` (docs/update.md); if an interrupted update or a lost state left it behind, "
        f"`{_recover(claim)}`"
    )


def _anothers_network(name: str, owner: str) -> str:
    return (
        f"network {name} belongs to deployment {owner}, but is what this deployment's would be "
        "called: give one of them another name, this one with "
        "`pulumi config set deployment NAME -s STACK`"
    )


def _recover(claim: Claim) -> str:
    return typed("recover", claim.stack.rpartition("/")[2])
