"""A pretended Docker daemon, and what the host says of a stack's claim on it."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.errors import UserError
from components.host.claim import Claim
from components.host.docker_host import Host
from components.host.machine import Machine

STACK = "organization/django-on-docker/shop"
EDGE = {"django-on-docker.deployment": "shop", "django-on-docker.role": "edge"}


@dataclass
class FakeDaemon:
    """What is on a pretended host; stands in for the docker client.

    Attributes:
        root: the daemon's own folder.
        info: what it says of itself besides.
        machine: what its system says.
        failing: what it says instead of any answer.
        address: where the docker client looks for it.
        found: volumes and their labels.
        files: what is in volumes.
        contents: the files in volumes, or in containers, whose content matters, by their names.
        running: containers that run, and their labels, by name.
        stopped: containers that don't.
        published: names of the containers that publish a port, by that port.
        inner: the ports of containers, by those that they are published on; 80 for others.
        addresses: at which they do, where it isn't every one.
        on_host: names of the containers on the host's own network.
        local: names of the images.
        releases: what it says of images that are releases, when they are inspected.
        nets: networks and their labels, by name.
        asked: the words of each question.
        left: containers that were made and not removed.
        mounts: what containers mount, as the daemon lists it, by their names.
        folders: where volumes are on the host, by their names.
        layers: what containers have added to their own layers, by their names.
        connections: those of processes on its host, as psutil has them.
    """

    root: str = "/data/docker"
    info: dict[str, Any] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)
    failing: str = ""
    address: str = "unix:///run/of-the-context.sock"
    found: dict[str, dict[str, str] | None] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)
    contents: dict[str, dict[str, bytes]] = field(default_factory=dict)
    running: dict[str, dict[str, str]] = field(default_factory=dict)
    stopped: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    inner: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    on_host: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    releases: list[dict[str, Any]] = field(default_factory=list)
    nets: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    mounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    layers: dict[str, list[str]] = field(default_factory=dict)
    connections: list[Any] = field(default_factory=list)

    def docker(self, *words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        """As `components.host.client.docker`: what the docker client says of this host."""
        self.asked.append(words)
        if self.failing:
            return _failed(self.failing)
        match words:
            case ("version", *_):
                return _said("29")
            case ("info", *_):
                return _said(json.dumps({"DockerRootDir": self.root, **self.info}))
            case ("context", "inspect", *_):
                return _said(json.dumps(self.address))
            case (kind, "ls", "--quiet", *_):
                return _said("\n".join(self._known(kind, words)))
            case (kind, "inspect", *names) if kind != "manifest":
                return _inspected(kind, self._known(kind, ()), names)
            case ("create", *_, "--volume", mount, image, "true"):
                return self._create(mount, image, words)
            case ("rm", "--force", "--volumes", container):
                self.left.remove(container)
                return _said("")
            case ("diff", name):
                return _said("\n".join(f"A {path}" for path in self.layers.get(name, ())))
        return _failed(f"Error: No such {words[0]}")

    def has_file(self, container: str, path: str, **_: object) -> bool:
        """As `components.host.client.has_file`."""
        assert container in self.left
        return path.removeprefix("/look/") in self.files.get(container, set())

    def read_file(self, container: str, path: str, **_: object) -> bytes | None:
        """As `components.host.client.read_file`."""
        assert container in {*self.left, *self.running, *self.stopped}
        return self.contents.get(container, {}).get(path.removeprefix("/look/"))

    def _known(self, kind: str, words: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What there is of a kind, by the name or id under which it is listed."""
        if kind == "container":
            assert not words or "--all" in words
            known = {**self.running, **self.stopped}
            return {f"{name}-id": self._container(name, known[name]) for name in known}
        if kind == "network":
            return {f"{n}-id": {"Name": n, "Labels": labels} for n, labels in self.nets.items()}
        if kind == "volume":
            return {name: self._volume(name) for name in self.found}
        if "label=django-on-docker.role=release" in words:
            # The last one is removed before it is looked at.
            return {str(number): {} for number in (*range(len(self.releases)), -1)}
        return {name: {} for name in sorted(self.local)} | {
            str(number): image for number, image in enumerate(self.releases) if not words
        }

    def _volume(self, name: str) -> dict[str, Any]:
        folder = self.folders.get(name, f"/volumes/{name}/_data")
        return {"Name": name, "Labels": self.found[name], "Mountpoint": folder}

    def _container(self, name: str, labels: dict[str, str]) -> dict[str, Any]:
        address = self.addresses.get(name, "0.0.0.0")
        ports = [port for port, names in self.published.items() if name in names]
        ended = "exited" if name in self.stopped else "running"
        return {
            "Name": f"/{name}",
            "Image": f"sha256:{name}",
            "Config": {"Labels": labels},
            "State": {"Status": labels.get("status", ended), "Running": name in self.running},
            "HostConfig": {"NetworkMode": "host" if name in self.on_host else "bridge"},
            "Mounts": self.mounts.get(name, []),
            "NetworkSettings": {
                "Ports": {
                    f"{inner}/tcp": [
                        {"HostIp": address, "HostPort": port}
                        for port in ports
                        if self.inner.get(port, 80) == inner
                    ]
                    for inner in {80, *self.inner.values()}
                }
            },
        }

    def _create(
        self, mount: str, image: str, words: Sequence[str]
    ) -> subprocess.CompletedProcess[bytes]:
        volume, _, mode = mount.partition(":/look:")
        assert (image in self.local, mode) == (True, "ro")
        marks = {"django-on-docker.role=look", "django-on-docker.deployment="}
        assert marks <= set(words), "an image's own labels would make it a part of a deployment"
        self.left.append(volume)
        return _said(volume)


def _said(text: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.CompletedProcess([], 0, text.encode(), b"")


def _failed(text: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.CompletedProcess([], 1, b"", text.encode())


def _inspected(
    kind: str, known: Mapping[str, dict[str, Any]], names: Sequence[str]
) -> subprocess.CompletedProcess[bytes]:
    """What is there is described, also where something else is not."""
    found = [{"Id": name, **known[name]} for name in names if name in known]
    missing = [f"Error: No such {kind}: {name}" for name in names if name not in known]
    return subprocess.CompletedProcess(
        [], bool(missing), json.dumps(found).encode(), "\n".join(missing).encode()
    )


def claim(**changes: Any) -> Claim:
    """What the stack `shop` takes on a host, but for the changes; `port` is on the loopback."""
    port = changes.pop("port", 8080)
    values = {
        "deployment": "shop",
        "stack": STACK,
        "ports": {} if port is None else {"site.port": port},
        "data": "create",
        "volumes": {"database.volume": "shop-data", "media.volume": "shop-media"},
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
