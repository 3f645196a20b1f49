"""The Docker host: what is on it, and what would go wrong there, before anything is changed."""

import json
import os
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import psutil
import requests
from docker.models.containers import Container

from components.database_claim import DatabaseClaim, Found
from components.errors import UserError
from components.labels import DEPLOYMENT, ROLE, STACK

BOOTSTRAPPED_BASE_IMAGE = "django-on-docker/base:trixie"
DEFAULT_BASE_IMAGE = "python:3.13-slim-trixie"
_SERVING = ("backend", "edge", "postgres")
# Seconds: for the first answer, and for each later one, since a daemon that builds is slow.
_FIRST_TIMEOUT = 10
_TIMEOUT = 120


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a stack is about to take on the host.

    Attributes:
        deployment: the deployment's name.
        stack: the stack's full name, the mark of what it owns.
        port: the TCP port on 127.0.0.1.
        data: ``create`` or ``existing``.
        volumes: the volumes that hold the site's data, by what they hold.
        data_file: the database's file in its volume; "" if it is no file.
        database: what its database takes.
        retire: containers that served until now and are taken over from.
        owned: the ids of what is in the stack's state.
    """

    deployment: str
    stack: str
    port: int
    data: str
    volumes: dict[str, str]
    data_file: str
    database: DatabaseClaim | None = None
    retire: Sequence[str]
    owned: Collection[str]


class Host:
    """A Docker host that answered.

    Args:
        address: the daemon's address; None asks the environment and the client's context.

    Raises:
        UserError: if no daemon answers there.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address or find_address()
        try:
            docker.DockerClient(base_url=self.address, timeout=_FIRST_TIMEOUT).ping()
            self._client = docker.DockerClient(base_url=self.address, timeout=_TIMEOUT)
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise UserError(
                f"no Docker daemon answers at {self.address or 'the default address'}",
                [
                    f"it said: {_root_cause(error)}",
                    "start it (`systemctl start docker`, or `make up`, which does), or set "
                    "DOCKER_HOST to the one you mean; `docker info` has to succeed",
                ],
            ) from None

    @property
    def is_local(self) -> bool:
        """The daemon runs on this machine."""
        return self.address is None or self.address.startswith(("unix:", "npipe:"))

    def base_image(self, configured: str) -> tuple[str, str]:
        """The base image to build on, and where it comes from.

        Args:
            configured: the config key `baseImage`; "" takes the bootstrapped image if the host
                has it, else the default one of the registry.
        """
        if configured:
            return configured, "configured as baseImage"
        if self.has_image(BOOTSTRAPPED_BASE_IMAGE):
            return BOOTSTRAPPED_BASE_IMAGE, "bootstrapped from Debian's packages on this host"
        return DEFAULT_BASE_IMAGE, "pulled from the registry"

    def check(self, claim: Claim) -> None:
        """Look for what would make the update fail or touch what belongs to somebody else.

        Raises:
            UserError: with one line for each obstacle, and what resolves it.
        """
        problems = [*self._data_problems(claim), *self._container_problems(claim)]
        problems += [*self._ownership_problems(claim), *self._port_problems(claim)]
        problems += self._file_problems(claim)
        problems += claim.database.problems(self) if claim.database else ()
        if problems:
            raise UserError(f"the Docker host is not ready for {claim.deployment}", problems)

    def has_image(self, name: str) -> bool:
        """The host has an image of this name."""
        try:
            self._client.images.get(name)
        except docker.errors.ImageNotFound:
            return False
        return True

    def volume_labels(self, name: str) -> dict[str, str] | None:
        """A volume's labels; None if there is no such volume."""
        try:
            volume = self._client.volumes.get(name)
        except docker.errors.NotFound:
            return None
        return volume.attrs.get("Labels") or {}

    def has_file(self, source: str, file: str) -> bool | None:
        """Is there a file in a volume or a folder? None if that can't be known."""
        if source.startswith("/"):
            return Path(source, file).is_file() if self.is_local else None
        # A container that is made but never started lets the daemon look into a volume. Any image
        # will do; on a host without one nothing can be said yet.
        images = self._client.api.images(quiet=True)
        if not images or self.volume_labels(source) is None:
            return None
        look = self._client.containers.create(images[0], "true", volumes=[f"{source}:/look:ro"])
        try:
            look.get_archive(f"/look/{file}")
        except docker.errors.NotFound:
            return False
        finally:
            look.remove(v=True)
        return True

    def is_of(self, volume: str, deployment: str) -> bool:
        """Is there a volume of this name that is marked as this deployment's?"""
        return (self.volume_labels(volume) or {}).get(DEPLOYMENT) == deployment

    def running(self, *, volume: str = "", deployment: str = "", role: str = "") -> list[Found]:
        """The containers that run and mount a volume, or have a role in a deployment."""
        wanted = {DEPLOYMENT: deployment, ROLE: role}
        marks = [f"{label}={value}" for label, value in wanted.items() if value]
        filters: dict[str, str | list[str] | bool] = {"label": marks}
        if volume:
            filters["volume"] = volume
        return [
            Found(name=str(container.name), image=str(container.attrs["Image"]))
            for container in self._client.containers.list(filters=filters)
        ]

    def _container(self, name: str) -> Container | None:
        try:
            return self._client.containers.get(name)
        except docker.errors.NotFound:
            return None

    def _data_problems(self, claim: Claim) -> Iterator[str]:
        for key, volume in claim.volumes.items():
            if volume.startswith("/"):
                yield from self._folder_problems(key, volume)
                continue
            marks = self.volume_labels(volume)
            if claim.data == "existing" and marks is None:
                yield (
                    f"{key}: data is existing, but there is no volume {volume}: "
                    f"see `docker volume ls`, then `pulumi config set {key} NAME`; "
                    "or set data to create for a new site"
                )
            if claim.data == "create" and marks is not None:
                yield from _ownership_problems(claim, key, volume, marks)

    def _folder_problems(self, key: str, folder: str) -> Iterator[str]:
        if self.is_local and not Path(folder).is_dir():
            yield f"{key}: there is no folder {folder} on the host"

    def _file_problems(self, claim: Claim) -> Iterator[str]:
        source = claim.volumes.get("dataVolume", "")
        if claim.data != "existing" or not claim.data_file:
            return
        if self.has_file(source, claim.data_file) is False:
            yield (
                f"dataFile: there is no file {claim.data_file} in {source}: an empty database "
                "would be made and an empty site served. Set dataFile to the database's name "
                f"there (`docker run --rm -v {source}:/data IMAGE ls /data`)"
            )

    def _container_problems(self, claim: Claim) -> Iterator[str]:
        served = self._client.containers.list(all=True, filters=_labelled(claim, "edge"))
        for name in claim.retire:
            container = self._container(name)
            # Once this deployment serves, what it took over from may be gone.
            if container is None and not served:
                yield _unknown_container(name)
            elif container and _is_anothers(container.labels, claim):
                yield f"retire names {name!r}, which belongs to another deployment of this program"

    def _ownership_problems(self, claim: Claim) -> Iterator[str]:
        for role in _SERVING:
            for container in self._client.containers.list(filters=_labelled(claim, role)):
                if container.id not in claim.owned and container.name not in claim.retire:
                    yield _foreign_container(str(container.name), claim)
        for network in self._client.networks.list(filters=_labelled(claim, "network")):
            if network.id not in claim.owned:
                yield _foreign_network(str(network.name), network.attrs["Labels"], claim)

    def _port_problems(self, claim: Claim) -> Iterator[str]:
        for container in self._client.containers.list(filters={"publish": str(claim.port)}):
            mine = container.labels.get(DEPLOYMENT) == claim.deployment
            if mine and container.labels.get(ROLE) == "edge":
                return
            if container.name not in claim.retire:
                yield _port_taken(claim.port, f"container {container.name}")
            return
        holder = _holder(claim.port) if self.is_local else None
        if holder:
            yield _port_taken(claim.port, holder)


def find_address() -> str | None:
    """The address of the daemon that the docker client would talk to; None is its default."""
    named = os.environ.get("DOCKER_HOST")
    if named:
        return named
    try:
        done = subprocess.run(
            ["docker", "context", "inspect", "--format", "{{json .Endpoints.docker.Host}}"],
            capture_output=True,
            check=True,
            timeout=_FIRST_TIMEOUT,
        )
        address: Any = json.loads(done.stdout)
    except FileNotFoundError:
        raise UserError(
            "there is no docker client on PATH",
            ["install Docker (on Debian: `apt-get install docker.io`), or run `make up`"],
        ) from None
    except (subprocess.SubprocessError, ValueError):
        return None
    return address or None


def _ownership_problems(
    claim: Claim, key: str, volume: str, marks: dict[str, str]
) -> Iterator[str]:
    owner, stack = marks.get(DEPLOYMENT), marks.get(STACK)
    if owner == claim.deployment and stack in (claim.stack, None):
        return
    if owner is None:
        whose = "has no mark of this program"
    else:
        whose = f"belongs to deployment {owner} of stack {stack}"
    yield (
        f"data is create, but volume {volume} exists and {whose}: to serve that data set data to "
        f"existing and {key} to {volume}; for a new site set deployment to another name"
    )


def _is_anothers(marks: Mapping[str, str], claim: Claim) -> bool:
    # The role tells: a container inherits its image's labels, whoever started it.
    return marks.get(ROLE) in _SERVING and marks.get(DEPLOYMENT) != claim.deployment


def _labelled(claim: Claim, role: str) -> dict[str, str | list[str] | bool]:
    return {"label": [f"{DEPLOYMENT}={claim.deployment}", f"{ROLE}={role}"]}


def _unknown_container(name: str) -> str:
    return (
        f"retire names {name!r}: there is no such container, see `docker ps --all`; "
        "name one that is there, or remove it with `pulumi config rm retire`"
    )


def _foreign_container(name: str, claim: Claim) -> str:
    return (
        f"container {name} of deployment {claim.deployment} runs, but is in neither this stack's "
        "state nor its retire list: if another stack owns it, set deployment to another name here; "
        f"to take over from it, `pulumi config set --path 'retire[0]' {name}`; if an interrupted "
        f"update or a lost state left it behind, `docker rm --force {name}`"
    )


def _foreign_network(name: str, marks: dict[str, str], claim: Claim) -> str:
    return (
        f"network {name} of deployment {claim.deployment} was made by stack {marks.get(STACK)} and "
        "is not in this stack's state: one deployment belongs to one stack. Set deployment to "
        "another name here, or hand the resources over with `pulumi state move`; if nothing uses "
        f"it any more, `docker network rm {name}`"
    )


def _port_taken(port: int, holder: str) -> str:
    return (
        f"port is {port}: 127.0.0.1:{port} is taken by {holder}; "
        f"choose another with `pulumi config set port {port + 1}`, or stop the holder"
    )


def _holder(port: int) -> str | None:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        address, listening = connection.laddr
        if listening == port and address in ("127.0.0.1", "0.0.0.0", "::"):
            return _process(connection.pid)
    return None


def _process(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"process {pid}"


def _root_cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__
