"""Containers and networks, as the daemon describes them when they are inspected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Inspected:
    """One thing on the host.

    Attributes:
        attrs: what `docker inspect` says of it.
    """

    attrs: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.attrs["Id"])

    @property
    def name(self) -> str:
        """Its name; the daemon begins a container's with a slash."""
        return str(self.attrs["Name"]).lstrip("/")


class Container(Inspected):
    """One container, whether it runs or not."""

    @property
    def status(self) -> str:
        """Its state, such as ``running`` or ``exited``."""
        return str(self.attrs["State"]["Status"])

    @property
    def is_up(self) -> bool:
        """It has processes, be they paused."""
        return bool(self.attrs["State"]["Running"])

    @property
    def image(self) -> str:
        """Its image's id."""
        return str(self.attrs["Image"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, and its image's."""
        return self.attrs["Config"]["Labels"] or {}

    @property
    def mounts(self) -> Sequence[Mapping[str, Any]]:
        """What it mounts."""
        return self.attrs.get("Mounts") or ()

    @property
    def variables(self) -> dict[str, str]:
        """Its environment, and its image's."""
        return dict(entry.partition("=")[::2] for entry in self.attrs["Config"].get("Env") or ())

    @property
    def is_on_host_network(self) -> bool:
        """It publishes nothing, and may listen on anything."""
        return bool(self.attrs["HostConfig"]["NetworkMode"] == "host")

    @property
    def ports(self) -> Mapping[str, Any]:
        """What it publishes on the host, by its own ports."""
        return self.attrs["NetworkSettings"]["Ports"] or {}

    def is_of(self, marks: Mapping[str, str]) -> bool:
        """It bears all of these labels."""
        return marks.items() <= self.labels.items()


class Network(Inspected):
    """One network."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.attrs["Labels"] or {}
