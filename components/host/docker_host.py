"""The Docker host: what is on it, as the program asks before anything is changed."""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import docker.errors
import requests
from docker.models.containers import Container

from ..data.database_claim import Found
from ..errors import UserError
from ..image.releases_on_host import KeptRelease, kept_releases
from ..place import DEPLOYMENT, LOOKING, ROLE, STACK
from ..remedies import remedies
from ..serving import gate_rejection
from ..serving.gate_rejection import Rejection
from . import ports
from .data_mounts import User, users
from .ssh import tunnel
from .uploads_without_volume import Written, written

BOOTSTRAPPED_BASE_IMAGE = "django-on-docker/base:trixie"
DEFAULT_BASE_IMAGE = "python:3.13-slim-trixie"
_SECONDS_FOR_REGISTRY = 15
# Seconds: for the first answer, and for each later one, since a daemon that builds is slow.
_FIRST_TIMEOUT = 10
_TIMEOUT = 120
# What the client raises when the daemon does not answer, or refuses.
FAILED = (docker.errors.DockerException, requests.RequestException)


class Host:
    """A Docker host that answered.

    Args:
        address: the daemon's address; None asks the environment and the client's context.

    Raises:
        UserError: if no daemon answers there.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address or find_address()
        remote = (self.address or "").startswith("ssh:")
        try:
            asked = tunnel(str(self.address)) if remote else self.address
            docker.DockerClient(base_url=asked, timeout=_FIRST_TIMEOUT).ping()
            self.client = docker.DockerClient(base_url=asked, timeout=_TIMEOUT)
        except (*FAILED, OSError) as error:
            raise UserError(
                f"no Docker daemon answers at {self.address or 'the default address'}",
                [f"it said: {root_cause(error)}", *remedies(self.address or "", "address")],
            ) from None

    def answers(self) -> bool:
        """The daemon answers now, or is too busy to say.

        Asked as the commands do that work with it, by the docker client: a connection over ssh that
        was opened here may have ended in the meantime.
        """
        words = ["docker", "version", "--format", "{{.Server.Version}}"]
        try:
            done = subprocess.run(words, capture_output=True, check=False, timeout=_FIRST_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            return True
        return done.returncode == 0

    @property
    def is_local(self) -> bool:
        """The daemon runs on this machine."""
        return self.address is None or self.address.startswith(("unix:", "npipe:"))

    @property
    def own_folders(self) -> tuple[str, ...]:
        """The folders of the daemon itself: of its data, and of its socket."""
        data = str(self.client.info().get("DockerRootDir", ""))
        socket = urlsplit(self.address or "").path if self.is_local else ""
        return tuple(folder for folder in (data, socket) if folder.startswith("/"))

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

    def has_image(self, name: str) -> bool:
        """The host has an image of this name."""
        try:
            self.client.images.get(name)
        except docker.errors.ImageNotFound:
            return False
        return True

    def can_get(self, name: str) -> bool:
        """The host has an image of this name, or a registry that it reaches does."""
        if self.has_image(name):
            return True
        api: Any = self.client.api
        before, api.timeout = api.timeout, _SECONDS_FOR_REGISTRY
        try:
            self.client.images.get_registry_data(name)
        except (docker.errors.APIError, OSError):
            return False
        finally:
            api.timeout = before
        return True

    def releases(self) -> list[KeptRelease]:
        """The releases of all deployments on the host, those built last first."""
        return kept_releases(self._images(f"{ROLE}=release"))

    def _images(self, label: str) -> Iterator[dict[str, Any]]:
        api: Any = self.client.api
        for image in api.images(filters={"label": label}):
            # One that is removed meanwhile is nobody's any more.
            with suppress(docker.errors.ImageNotFound):
                yield api.inspect_image(image["Id"])

    def statuses(self) -> dict[str, str]:
        """The containers' states, such as ``running`` or ``exited``, by id."""
        return {c["Id"]: c["State"] for c in self.client.api.containers(all=True)}

    def networks(self) -> frozenset[str]:
        """The networks' ids."""
        return frozenset(network["Id"] for network in self.client.api.networks())

    def volumes(self) -> frozenset[str]:
        """The volumes' names."""
        return frozenset(v["Name"] for v in self.client.api.volumes()["Volumes"] or ())

    def volume_labels(self, name: str) -> dict[str, str] | None:
        """A volume's labels; None if there is no such volume."""
        try:
            volume = self.client.volumes.get(name)
        except docker.errors.NotFound:
            return None
        return volume.attrs.get("Labels") or {}

    def has_file(self, source: str, file: str) -> bool | None:
        """Is there a file in a volume or a folder? None if that can't be known."""
        found = self.has_files(source, [file])
        return found[0] if found else None

    def has_files(self, source: str, files: Sequence[str]) -> list[bool] | None:
        """Which of these files are in a volume or a folder? None if that can't be known."""
        if source.startswith("/"):
            return [Path(source, file).is_file() for file in files] if self.is_local else None
        # A container that is made but never started lets the daemon look into a volume. Any image
        # will do; on a host without one nothing can be said yet.
        images = self.client.api.images(quiet=True)
        if not images or self.volume_labels(source) is None:
            return None
        # An image's labels would make it a part of the deployment that the image is of.
        marks = {ROLE: LOOKING, DEPLOYMENT: ""}
        look = self.client.containers.create(
            images[0], "true", volumes=[f"{source}:/look:ro"], labels=marks
        )
        try:
            return [_has(look, f"/look/{file}") for file in files]
        finally:
            look.remove(v=True)

    def written(self, container: str) -> Written | None:
        """What a container has written into its own layer; None if there is no such container."""
        found = self.container(container)
        return written(found.attrs, found.diff() or ()) if found else None

    def rejection(self, container: str) -> Rejection | None:
        """Why a gate did not let a container through; None if it says nothing of one."""
        try:
            stream, _ = self.client.containers.get(container).get_archive(gate_rejection.FILE)
        except docker.errors.NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            file = archive.extractfile(archive.next() or gate_rejection.FILE)
            return gate_rejection.parse(file.read()) if file else None

    def is_of(self, volume: str, deployment: str) -> bool:
        """Is there a volume of this name that is marked as this deployment's?"""
        return (self.volume_labels(volume) or {}).get(DEPLOYMENT) == deployment

    def running(self, *, volume: str = "", deployment: str = "", role: str = "") -> list[Found]:
        """The containers that run and can write to a volume, or have a role in a deployment."""
        if volume:
            sharing = [user for user in self.users(volume) if user.writes and not user.around]
            return [Found(name=user.name, image=user.image) for user in sharing]
        wanted = {DEPLOYMENT: deployment, ROLE: role}
        marks = [f"{label}={value}" for label, value in wanted.items() if value]
        filters: dict[str, str | list[str] | bool] = {"label": marks}
        return [
            Found(name=str(container.name), image=str(container.attrs["Image"]))
            for container in self.client.containers.list(ignore_removed=True, filters=filters)
        ]

    def stack_of(self, deployment: str) -> str:
        """The name of the stack that a deployment belongs to; "" if nothing on the host says."""
        filters: dict[str, str | list[str] | bool] = {"label": [f"{DEPLOYMENT}={deployment}"]}
        for network in self.client.networks.list(filters=filters):
            if stack := network.attrs["Labels"].get(STACK):
                return str(stack)
        return ""

    def users(self, source: str) -> list[User]:
        """The containers that run and have something of a volume or a folder of the host."""
        # By whichever of its names: a link and what it leads to are one folder.
        real = os.path.realpath(source) if source.startswith("/") and self.is_local else source
        api = self.client.api
        return list(users(real, api.containers(), api.volumes()["Volumes"] or ()))

    def having(self, deployment: str, role: str) -> list[Container]:
        """The containers that have a role in a deployment, whether they run or not."""
        marks = [f"{DEPLOYMENT}={deployment}", f"{ROLE}={role}"]
        return self.client.containers.list(all=True, ignore_removed=True, filters={"label": marks})

    def publishing(self, port: int) -> list[Container]:
        """The containers that run and have a TCP port of 127.0.0.1."""
        found = self.client.containers.list(ignore_removed=True, filters={"publish": str(port)})
        return [container for container in found if ports.is_published(container.ports, port)]

    def container(self, name: str) -> Container | None:
        """A container, whether it runs or not; None if there is none of this name."""
        try:
            return self.client.containers.get(name)
        except docker.errors.NotFound:
            return None


def _has(container: Container, path: str) -> bool:
    try:
        container.get_archive(path)
    except docker.errors.NotFound:
        return False
    return True


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


def root_cause(error: BaseException) -> str:
    """What was at the bottom of an error, in its own words; what the daemon said of a refusal."""
    if isinstance(error, docker.errors.APIError) and error.explanation:
        return str(error.explanation)
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__
