"""A pretended Docker daemon, and what the host says of a stack's claim on it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import docker.errors

from components.errors import UserError
from components.host.claim import Claim
from components.host.docker_host import Host

STACK = "organization/django-on-docker/shop"
EDGE = {"django-on-docker.deployment": "shop", "django-on-docker.role": "edge"}


@dataclass
class FakeDaemon:
    """What is on a pretended host; stands in for `docker.DockerClient`.

    Attributes:
        found: volumes and their labels.
        files: what is in volumes.
        running: containers that run, and their labels, by name.
        stopped: containers that don't.
        published: names of the containers that publish a port, by that port.
        addresses: at which they do, where it isn't every one.
        on_host: names of the containers on the host's own network.
        local: names of the images.
        releases: what it says of images that are releases, when they are inspected.
        nets: networks and their labels, by name.
        asked: the addresses at which it was asked.
        left: containers that were made and not removed.
        mounts: what containers mount, as the daemon lists it, by their names.
        folders: where volumes are on the host, by their names.
        layers: what containers have added to their own layers, by their names.
    """

    found: dict[str, dict[str, str] | None] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)
    running: dict[str, dict[str, str]] = field(default_factory=dict)
    stopped: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    on_host: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    releases: list[dict[str, Any]] = field(default_factory=list)
    nets: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)
    mounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    layers: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, *, base_url: str | None, **_: object) -> "FakeDaemon":
        self.asked.append(base_url)
        return self

    def ping(self) -> bool:
        """It answers."""
        return True

    def info(self) -> dict[str, Any]:
        """What it says of itself."""
        return {"DockerRootDir": "/data/docker"}

    @property
    def volumes(self) -> Any:
        """As the client has them."""
        return SimpleNamespace(get=lambda name: _get(self.found, name))

    @property
    def images(self) -> Any:
        """As the client has them."""
        images = dict.fromkeys(self.local, None)
        return SimpleNamespace(get=lambda name: _get(images, name, "ImageNotFound"))

    @property
    def api(self) -> Any:
        """As the client has it."""
        return SimpleNamespace(
            images=self._images,
            inspect_image=self._inspected,
            containers=self._listed,
            networks=lambda: [{"Id": f"{name}-id"} for name in self.nets],
            volumes=lambda: {
                "Volumes": [
                    {"Name": name, "Mountpoint": self.folders.get(name, f"/volumes/{name}/_data")}
                    for name in self.found
                ]
                or None
            },
        )

    def _listed(self, *, all: bool = False) -> list[dict[str, Any]]:  # noqa: A002
        known = {**(self.stopped if all else {}), **self.running}
        return [
            {
                "Id": f"{name}-id",
                "Names": [f"/{name}"],
                "ImageID": f"sha256:{name}",
                "Labels": labels,
                "Mounts": self.mounts.get(name, []),
                "State": "running" if name in self.running else "exited",
            }
            for name, labels in known.items()
        ]

    @property
    def networks(self) -> Any:
        """As the client has them."""
        return SimpleNamespace(list=lambda filters: _matching(self.nets, filters))

    @property
    def containers(self) -> Any:
        """As the client has them."""
        everything = {**self.running, **self.stopped}

        def listed(
            *,
            filters: dict[str, Any],
            ignore_removed: bool,
            all: bool = False,  # noqa: A002
        ) -> list[Any]:
            assert ignore_removed, "what is removed meanwhile is no error"
            known = everything if all else self.running
            if "publish" in filters:
                known = {name: known[name] for name in self.published.get(filters["publish"], [])}
            return [self._described(container) for container in _matching(known, filters)]

        def get(name: str) -> Any:
            container = _get(everything, name)
            container.name = name
            return self._described(container)

        return SimpleNamespace(get=get, list=listed, create=self._create)

    def _described(self, container: Any) -> Any:
        name = container.name
        ended = "exited" if name in self.stopped else "running"
        container.status = container.labels.get("status", ended)
        mode = "host" if name in self.on_host else "bridge"
        container.attrs["HostConfig"] = {"NetworkMode": mode}
        container.attrs["Image"] = f"sha256:{name}"
        layer = [{"Path": path, "Kind": 1} for path in self.layers.get(name, [])]
        container.diff = lambda: layer or None
        address = self.addresses.get(name, "0.0.0.0")
        ports = [port for port, names in self.published.items() if name in names]
        container.ports = {"80/tcp": [{"HostIp": address, "HostPort": port} for port in ports]}
        return container

    def _images(self, *, quiet: bool = False, filters: Mapping[str, str] | None = None) -> Any:
        if quiet:
            return sorted(self.local)
        assert filters == {"label": "django-on-docker.role=release"}
        return [{"Id": number} for number in (*range(len(self.releases)), -1)]

    def _inspected(self, number: int) -> dict[str, Any]:
        if number < 0:
            raise docker.errors.ImageNotFound("it was removed meanwhile")
        return self.releases[number]

    def _create(
        self, image: str, _command: str, *, volumes: list[str], labels: dict[str, str]
    ) -> Any:
        assert image in self.local
        assert labels == {"django-on-docker.role": "look", "django-on-docker.deployment": ""}
        (volume, folder, mode) = volumes[0].split(":")
        assert mode == "ro"

        def get_archive(path: str) -> Any:
            if path.removeprefix(f"{folder}/") not in self.files.get(volume, set()):
                raise docker.errors.NotFound(path)
            return io.BytesIO(), {}

        self.left.append(volume)
        return SimpleNamespace(get_archive=get_archive, remove=lambda **_: self.left.pop())


def claim(**changes: Any) -> Claim:
    """What the stack `shop` takes on a host, but for the changes."""
    values = {
        "deployment": "shop",
        "stack": STACK,
        "port": 8080,
        "data": "create",
        "volumes": {"dataVolume": "shop-data", "mediaVolume": "shop-media"},
        "data_file": "",
        "retire": (),
        "owned": (),
        **changes,
    }
    return Claim(**values)


def problems(**changes: Any) -> tuple[str, ...]:
    """What the host says of a claim, one line for each obstacle."""
    try:
        claim(**changes).check(Host())
    except UserError as error:
        return error.problems
    return ()


def _get(known: Mapping[str, Any], name: str, error: str = "NotFound") -> Any:
    if name not in known:
        raise getattr(docker.errors, error)(f"no {name}")
    return SimpleNamespace(attrs={"Labels": known[name]}, labels=known[name])


def _matching(known: dict[str, dict[str, str]], filters: dict[str, Any]) -> list[Any]:
    label = filters.get("label", [])
    if isinstance(label, str):
        known = {name: labels for name, labels in known.items() if label in labels}
        label = []
    wanted = {tuple(entry.split("=")) for entry in label}
    return [
        SimpleNamespace(name=name, id=f"{name}-id", labels=labels, attrs={"Labels": labels})
        for name, labels in known.items()
        if wanted <= set(labels.items())
    ]
