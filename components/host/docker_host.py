"""The Docker host: what is on it, as the program asks before anything is changed."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..data.database_claim import Found
from ..errors import UserError
from ..image.releases_on_host import KeptRelease, kept_releases
from ..place import DEPLOYMENT, ROLE, STACK, Place, filters
from ..remedies import address_remedies
from ..serving import gate_rejection
from ..serving.gate_rejection import Rejection
from . import architecture, identity, machine, ports, preflight
from .daemon import FIRST_TIMEOUT, Daemon, HostError
from .data_mounts import User, users
from .finding import Finding
from .inspected import Container, Network
from .uploads_without_volume import Written, written

BOOTSTRAPPED_BASE_IMAGE = "django-on-docker/base:trixie"
DEFAULT_BASE_IMAGE = "python:3.13-slim-trixie"
_SECONDS_FOR_REGISTRY = 15
# There is such a setting where there is IPv6.
_SYSTEM, _IPV6 = "/proc/sys/net", "ipv6/bindv6only"


class Host:
    """A Docker host that answered.

    What is on it is asked for once: it is as it was when that was first looked at.

    Args:
        address: where its daemon is, as the key `host` says; "" for the docker client's own choice.

    Raises:
        UserError: if no daemon answers, or there is no docker client.
    """

    def __init__(self, address: str = "") -> None:
        self._daemon = Daemon(address)
        self.address = self._daemon.address or None
        try:
            # Without a terminal ssh can't stop here and ask for a password.
            words = ("version", "--format", "{{.Server.Version}}")
            self._daemon.ask(*words, limit=FIRST_TIMEOUT, detached=True)
        except HostError as error:
            where, by_key = self.address or "the default address", " (host)" if address else ""
            raise UserError(
                f"no Docker daemon answers at {where}{by_key}",
                [f"it said: {error}", *address_remedies(self.address or "", str(error))],
            ) from None

    def answers(self) -> bool:
        """The daemon answers now, or is too busy to say."""
        return self._daemon.answers()

    @property
    def identities(self) -> frozenset[str]:
        """What the daemon is known by: see `identity`."""
        return identity.among(self._volumes)

    @property
    def is_local(self) -> bool:
        """The daemon runs on this machine."""
        return machine.is_here(self.address or "")

    @cached_property
    def known(self) -> preflight.Known:
        """What has to be right about it before anything is changed."""
        return preflight.look(self._daemon.ask, self.address or "")

    @cached_property
    def own_folders(self) -> tuple[str, ...]:
        """The folders of the daemon itself: of its data, and of its socket."""
        socket = urlsplit(self.address or "").path if self.is_local else ""
        return tuple(folder for folder in (self.known.folder, socket) if folder.startswith("/"))

    def holder(self, port: int, key: str = ports.LOOPBACK) -> str | None:
        """Who has a TCP port that a key asks for, be it no container; None if nobody is seen to."""
        if self.is_local:
            return ports.holder(port, key)
        told = self.known.machine
        taken = port in ((told.reachable if key == ports.LOOPBACK else told.listening) or ())
        return "a program of that host" if taken else None

    def unfit(self, images: Mapping[str, str]) -> list[Finding]:
        """Which of these images are there, and can't run on its processors."""
        return [*architecture.problems(self._daemon.run, self.known.architecture, images)]

    def base_image(self, configured: str) -> tuple[str, str]:
        """The base image to build on, and where it comes from.

        Args:
            configured: the config key `image.base`; "" takes the bootstrapped image if the host
                has it, else the default one of the registry.
        """
        if configured:
            return configured, "configured as image.base"
        if self.has_image(BOOTSTRAPPED_BASE_IMAGE):
            return BOOTSTRAPPED_BASE_IMAGE, "bootstrapped from Debian's packages on this host"
        return DEFAULT_BASE_IMAGE, "pulled from the registry"

    def has_image(self, name: str) -> bool:
        """The host has an image of this name."""
        return bool(self._daemon.inspect_all("image", [name]))

    def can_get(self, name: str) -> bool:
        """The host has an image of this name, or a registry that this machine reaches does."""
        if self.has_image(name):
            return True
        try:
            self._daemon.ask("manifest", "inspect", name, limit=_SECONDS_FOR_REGISTRY)
        except HostError:
            return False
        return True

    def releases(self) -> list[KeptRelease]:
        """The releases of all deployments on the host, those built last first."""
        return kept_releases(self._daemon.every("image", *filters({ROLE: "release"})))

    @cached_property
    def _containers(self) -> list[Container]:
        return [Container(one) for one in self._daemon.every("container", "--all")]

    @cached_property
    def every_network(self) -> list[Network]:
        """The networks, of whatever deployment."""
        return [Network(one) for one in self._daemon.every("network")]

    @cached_property
    def _volumes(self) -> dict[str, dict[str, Any]]:
        names = self._daemon.ask("volume", "ls", "--quiet").split()
        known = {volume["Name"]: volume for volume in self._daemon.inspect_all("volume", names)}
        return {name: known.get(name, {}) for name in names}

    def statuses(self) -> dict[str, str]:
        """The containers' states, such as ``running`` or ``exited``, by id."""
        return {container.id: container.status for container in self._containers}

    def networks(self) -> frozenset[str]:
        """The networks' ids."""
        return frozenset(network.id for network in self.every_network)

    def volumes(self) -> frozenset[str]:
        """The volumes' names."""
        return frozenset(self._volumes)

    def volume_labels(self, name: str) -> dict[str, str] | None:
        """A volume's labels; None if there is no such volume."""
        volume = self._volumes.get(name)
        return None if volume is None else volume.get("Labels") or {}

    def has_file(self, source: str, file: str) -> bool | None:
        """Is there a file in a volume or a folder? None if that can't be known."""
        found = self.has_files(source, [file])
        return found[0] if found else None

    def has_files(self, source: str, files: Sequence[str]) -> list[bool] | None:
        """Which of these files are in a volume or a folder? None if that can't be known."""
        if source.startswith("/"):
            return [Path(source, file).is_file() for file in files] if self.is_local else None
        # Any image will do; on a host without one nothing can be said yet.
        images = self._daemon.ids("image")
        if not images or self.volume_labels(source) is None:
            return None
        with self._daemon.looking_into(source, images[0]) as look:
            return [self._daemon.has_file(look, f"/look/{file}") for file in files]

    def read_file(self, volume: str, file: str) -> bytes | None:
        """A file in a volume, which is there; None if the file isn't."""
        with self._daemon.looking_into(volume, self._some_image()) as look:
            return self._daemon.read_file(look, f"/look/{file}")

    def file_in(self, container: str, path: str) -> bytes | None:
        """A file in a container, whether that runs or not, also in its volumes; None without it."""
        return self._daemon.read_file(container, path) if self.container(container) else None

    def written(self, container: str) -> Written | None:
        """What a container has written into its own layer; None if there is no such container."""
        found = self.container(container)
        return written(found, self._daemon.ask("diff", container).splitlines()) if found else None

    def rejection(self, container: str) -> Rejection | None:
        """Why a gate did not let a container through; None if it says nothing of one."""
        said = self._daemon.read_file(container, gate_rejection.FILE)
        return gate_rejection.parse(said) if said is not None else None

    def is_of(self, volume: str, deployment: str) -> bool:
        """Is there a volume of this name that is marked as this deployment's?"""
        return (self.volume_labels(volume) or {}).get(DEPLOYMENT) == deployment

    def running(self, *, volume: str = "", deployment: str = "", role: str = "") -> list[Found]:
        """The containers that run and can write to a volume, or have a role in a deployment."""
        if volume:
            sharing = [user for user in self.users(volume) if user.writes and not user.around]
            return [Found(name=user.name, image=user.image) for user in sharing]
        having = [one for one in self.having(deployment, role) if one.is_up]
        return [Found(name=one.name, image=one.image) for one in having]

    def stack_of(self, deployment: str) -> str:
        """The name of the stack that a deployment belongs to; "" if nothing on the host says."""
        mine = [n.labels for n in self.every_network if n.labels.get(DEPLOYMENT) == deployment]
        return next((labels[STACK] for labels in mine if labels.get(STACK)), "")

    def users(self, source: str) -> list[User]:
        """The containers that run and have something of a volume or a folder of the host."""
        # By whichever of its names: a link and what it leads to are one folder.
        real = os.path.realpath(source) if source.startswith("/") and self.is_local else source
        return list(users(real, [c for c in self._containers if c.is_up], self._volumes))

    def having(self, deployment: str, role: str) -> list[Container]:
        """The containers that have a role in a deployment, whether they run or not."""
        marks = Place(deployment).labels(role)
        return [container for container in self._containers if container.is_of(marks)]

    def with_role(self, role: str) -> list[Container]:
        """The containers that have a role, in whatever deployment."""
        return [container for container in self._containers if container.is_of({ROLE: role})]

    def publishing(self, port: int, key: str = ports.LOOPBACK) -> list[Container]:
        """The containers that run and have a TCP port that a config key asks for."""
        return [c for c in self._containers if c.is_up and ports.is_published(c.ports, port, key)]

    @cached_property
    def has_ipv6(self) -> bool:
        """The host's kernel speaks IPv6, so that a port can be published by it, too."""
        if self.is_local:
            return Path(_SYSTEM, _IPV6).exists()
        with self._daemon.looking_into(_SYSTEM, self._some_image()) as look:
            return self._daemon.has_file(look, f"/look/{_IPV6}")

    def _some_image(self) -> str:
        # A host without any gets the one that everything else starts from.
        return next(iter(self._daemon.ids("image")), None) or self.base_image("")[0]

    def said_inside(self, container: str, *words: str) -> str:
        """What a command says in a container that runs; "" where it fails."""
        try:
            return self._daemon.ask("exec", container, *words).strip()
        except HostError:
            return ""

    def container(self, name: str) -> Container | None:
        """A container, whether it runs or not; None if there is none of this name or id."""
        named = [c for c in self._containers if c.name == name]
        meant = [c for c in self._containers if c.id.startswith(name)]
        return next(iter(named or meant), None)
