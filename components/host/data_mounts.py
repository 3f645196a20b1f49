"""Which containers share a site's data: by its volume, or by a folder of the host. Pure functions.

A volume of the daemon's own driver is a folder of the host, too: its mountpoint, or the one that
its options bind. So whoever mounts that folder, one in it or one around it, has the data.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..place import DEPLOYMENT, IMAGE_ROLES, ROLE
from .inspected import Container


@dataclass(frozen=True, kw_only=True)
class User:
    """A container that runs and mounts something of the data.

    Attributes:
        id: its id.
        name: its name.
        image: its image's id.
        labels: its labels.
        target: where it has the data.
        writes: it can write to it.
        around: it mounts more than the data, such as all volumes or the whole host: a tool that
            looks after the host, and no program that serves from the data.
    """

    id: str
    name: str
    image: str
    labels: Mapping[str, str]
    target: str
    writes: bool
    around: bool = False

    def is_of(self, deployment: str) -> bool:
        """The program made it for this deployment; a person may have started one of its images."""
        made = self.labels.get(ROLE) not in (None, *IMAGE_ROLES)
        return made and self.labels.get(DEPLOYMENT) == deployment

    def is_named(self, names: Iterable[str]) -> bool:
        """One of these is its name, or the beginning of its id."""
        return any(n == self.name or (len(n) >= 12 and self.id.startswith(n)) for n in names)


def users(
    source: str, containers: Iterable[Container], volumes: Mapping[str, Mapping[str, Any]]
) -> Iterator[User]:
    """The containers that mount a volume or a folder, a part of it, or what it is a part of.

    Args:
        source: the volume's name, or the folder's absolute path.
        containers: those that run.
        volumes: what the daemon says of each volume, by its name.
    """
    for container in containers:
        for mount in container.mounts:
            kind = _relation(source, mount, volumes)
            if kind:
                yield User(
                    id=container.id,
                    name=container.name,
                    image=container.image,
                    labels=container.labels,
                    target=str(mount.get("Destination", "")),
                    writes=bool(mount.get("RW", True)),
                    around=kind == "around",
                )


def _relation(
    source: str, mount: Mapping[str, Any], volumes: Mapping[str, Mapping[str, Any]]
) -> str:
    """How a mount and the data are related: "same", "around" or "" for not at all."""
    name = str(mount.get("Name") or "")
    if name and name == source:
        return "same"
    theirs = _folders(name, volumes) if name else [str(mount.get("Source") or "")]
    bound = source if source.startswith("/") else _bound(volumes.get(source, {}))
    for other in filter(None, theirs):
        if bound and other != "/" and _overlap(bound, other):
            return "same"
        for folder in _folders(source, volumes):
            if folder != other and _is_in(folder, other):
                return "around"
            if _is_in(other, folder):
                return "same"
    return ""


def _folders(source: str, volumes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if source.startswith("/"):
        return [source]
    volume = volumes.get(source, {})
    return [f for f in (_bound(volume), str(volume.get("Mountpoint") or "")) if f]


def _bound(volume: Mapping[str, Any]) -> str:
    options = volume.get("Options") or {}
    is_bind = "bind" in str(options.get("o", "")).split(",")
    return str(options.get("device", "")) if is_bind else ""


def _overlap(one: str, other: str) -> bool:
    return _is_in(one, other) or _is_in(other, one)


def _is_in(inner: str, outer: str) -> bool:
    return PurePosixPath(inner).is_relative_to(PurePosixPath(outer))
