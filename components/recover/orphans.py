"""What of a deployment is on the Docker host and in no state: found by its labels, and removed."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..host import notes
from ..host.client import docker, docker_or_fail
from ..host.what_serves import sent_to
from ..place import (
    DEPLOYMENT,
    IMAGE_ROLES,
    LOOKING,
    ONE_OFF,
    ROLE,
    SHARED_EDGE,
    STACK,
    Place,
    filters,
)

# Volumes that an update makes anew and fills again; what is in any other is nowhere else.
_REMADE = ("secrets", "edge", "static", SHARED_EDGE)


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A container, a volume or a network.

    Attributes:
        kind: ``container``, ``volume`` or ``network``.
        name: its name.
        id: its id on the host, a volume's being its name.
        role: what it is in its deployment.
        stack: the stack that it is marked with; "" if it bears no such mark.
        status: a container's, such as ``running``.
        volumes: the names of the volumes that a container mounts.
        networks: the names of the networks that a container is on.
    """

    kind: str
    name: str
    id: str
    role: str
    stack: str = ""
    status: str = ""
    volumes: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (
            f" ({self.role}, {self.status})" if self.status else ""
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is on the host, and what is to become of it.

    Attributes:
        foreign: things of this deployment that are marked as another stack's.
        serving: what visitors depend on now, and no state knows.
        left: what nobody needs, in the order in which it can be removed.
        rejected: backends that a state knows, but that failed their gate and were stopped for it.
        kept: what stays although no state knows it, and why.
    """

    foreign: Sequence[Thing] = ()
    serving: Sequence[Thing] = ()
    left: Sequence[Thing] = ()
    rejected: Sequence[Thing] = ()
    kept: Sequence[tuple[Thing, str]] = ()


def look(
    deployment: str,
    *,
    stack: str,
    known: Collection[str],
    retire: Collection[str],
    serving: Collection[str],
) -> Found:
    """Look for what is marked as a deployment's and is in no state.

    Args:
        deployment: the deployment's name.
        stack: the name of the stack that recovers.
        known: the ids of what is in its state.
        retire: the containers that it takes over from.
        serving: the names of the containers that its traffic was switched to.
    """
    containers = _containers(deployment)
    volumes = _named("volume", deployment)
    networks = _named("network", deployment)
    strange = [t for t in (*containers, *networks) if t.id not in known and t.name not in retire]
    foreign = [t for t in strange if t.stack.rpartition("/")[2] not in ("", stack)]
    if foreign:
        return Found(foreign=foreign)
    needed = _needed(containers, serving, Place(deployment))
    candidates = [t for t in strange if t.kind == "container" and _is_ours(t)]
    left = [t for t in candidates if t.id not in needed and not _is_at_work(t)]
    left += _lookers(volumes)
    strange_volumes = [v for v in volumes if v.id not in known and v.role in _REMADE]
    # Others, on which a user's own proxy reaches the site, are in no state either way.
    strange_networks = [n for n in networks if n.id not in known and n.role == "network"]
    gone = {t.id for t in left}
    stay = [c for c in containers if c.id not in gone]
    free, used = _apart([*strange_volumes, *strange_networks], stay)
    of_sites = [t for t in free if t.name == Place(deployment).shared]
    sites = _on(of_sites[0], deployment) if of_sites else ()
    free = [t for t in free if not sites or t not in of_sites]
    return Found(
        serving=tuple(t for t in candidates if t.id in needed),
        left=(*left, *free),
        rejected=tuple(
            c for c in containers if c.id in known and c.name not in serving and _is_rejected(c)
        ),
        kept=(
            *((t, "it is in retire") for t in containers if t.name in retire),
            *((t, "a command by hand is at work in it") for t in candidates if _is_at_work(t)),
            *((t, "a container that stays uses it") for t in used),
            *((t, _sites_first(sites)) for t in of_sites if sites),
        ),
    )


def _on(network: Thing, deployment: str) -> Sequence[str]:
    """The containers of other deployments that are on a network."""
    words = ("ps", "--all", "--filter", f"network={network.name}")
    names = ("--format", f'{{{{.Label "{DEPLOYMENT}"}}}} {{{{.Names}}}}')
    said = docker_or_fail("looking at the Docker host", *words, *names).decode()
    lines = (line.split(" ") for line in said.splitlines())
    return [name for owner, name in lines if owner != deployment]


def _sites_first(edges: Sequence[str]) -> str:
    names = " ".join(edges)
    return (
        f"edges of sites are on it, which come back with the next `pulumi up` of each: "
        f"`docker rm --force {names}`, and run this again"
    )


def remove(thing: Thing) -> str:
    """Remove a thing; returns what the docker client said if that failed, else ""."""
    if thing.kind == "container":
        if thing.status == "running":
            # Within its own grace: a database writes down what it holds in memory.
            docker("stop", thing.id)
        done = docker("rm", "--force", "--volumes", thing.id)
    else:
        done = docker(thing.kind, "rm", thing.id)
    return "" if done.returncode == 0 else done.stderr.decode(errors="replace").strip()


def _is_ours(container: Thing) -> bool:
    return container.role not in IMAGE_ROLES or container.status == "created"


def _is_at_work(container: Thing) -> bool:
    return container.role == ONE_OFF and container.status in ("running", "paused")


def _is_rejected(container: Thing) -> bool:
    # Whatever its restart policy says: on a full disk the gate can't change that.
    return container.role == "backend" and container.status not in ("running", "paused")


def _needed(containers: Sequence[Thing], serving: Collection[str], place: Place) -> set[str]:
    """The ids of what visitors depend on: the edge, what it sends them to, and the database; or an
    edge that sites share.

    A proxy of the user's own reaches what is on the network for it. Nobody reaches an edge that
    was still to be given its port.
    """
    running = [c for c in containers if c.status == "running"]
    # Whoever it passes visitors on to is of other deployments.
    shared = {c.id for c in running if c.role == SHARED_EDGE}
    edges = {
        c.id: sent_to(c.id) for c in running if c.role == "edge" and place.ingress in c.networks
    }
    targets = {
        c.id
        for c in running
        if c.role not in ("edge", "postgres", SHARED_EDGE)
        and (place.traffic in c.networks or any(c.name in names for names in edges.values()))
    }
    if not targets:
        # Where neither is there, the state may say what visitors reached.
        return {c.id for c in running if c.name in serving} | shared
    return {*shared, *targets, *edges, *(c.id for c in running if c.role == "postgres")}


def _apart(things: Sequence[Thing], stay: Sequence[Thing]) -> tuple[list[Thing], list[Thing]]:
    """Things that no container uses, and the others."""
    used = {name for c in stay for name in (*c.volumes, *c.networks)}
    free = [t for t in things if t.name not in used]
    return free, [t for t in things if t.name in used]


def _containers(deployment: str) -> list[Thing]:
    ids = _ids("ps", "--all", *filters({DEPLOYMENT: deployment}))
    return [thing for thing in _described(ids) if thing.role not in notes.ROLES]


def _lookers(volumes: Sequence[Thing]) -> Iterator[Thing]:
    ids = _ids("ps", "--all", *filters({ROLE: LOOKING}), "--filter", "status=created")
    names = {volume.name for volume in volumes}
    yield from (c for c in _described(ids) if c.volumes & names)


def _described(ids: Sequence[str]) -> Iterator[Thing]:
    for found in _inspected("container", ids):
        labels = found["Config"]["Labels"] or {}
        networks = found["NetworkSettings"]["Networks"] or {}
        yield Thing(
            kind="container",
            name=found["Name"].lstrip("/"),
            id=found["Id"],
            role=labels.get(ROLE, ""),
            stack=labels.get(STACK, ""),
            status=found["State"]["Status"],
            volumes=frozenset(m["Name"] for m in found["Mounts"] if m["Type"] == "volume"),
            networks=frozenset(networks),
        )


def _named(kind: str, deployment: str) -> list[Thing]:
    ids = _ids(kind, "ls", *filters({DEPLOYMENT: deployment}))
    return [
        Thing(
            kind=kind,
            name=found["Name"],
            id=found.get("Id", found["Name"]),
            role=_label(found, ROLE),
            stack=_label(found, STACK),
        )
        for found in _inspected(kind, ids)
    ]


def _label(found: Mapping[str, Any], name: str) -> str:
    return str((found.get("Labels") or {}).get(name, ""))


def _ids(*words: str) -> list[str]:
    full = () if words[0] == "volume" else ("--no-trunc",)
    said = docker_or_fail("looking at the Docker host", *words, "--quiet", *full)
    return said.decode().split()


def _inspected(kind: str, ids: Iterable[str]) -> list[dict[str, Any]]:
    ids = list(ids)
    if not ids:
        return []
    # What is removed meanwhile is missing from the answer.
    done = docker(kind, "inspect", *ids)
    found: list[dict[str, Any]] = json.loads(done.stdout or b"[]")
    return found
