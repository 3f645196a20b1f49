"""What has to be true of the data before a database engine opens it, or takes another's place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..place import Place, filters


@dataclass(frozen=True, kw_only=True)
class Found:
    """A container that runs.

    Attributes:
        name: its name.
        image: its image's id.
    """

    name: str
    image: str


class Host(Protocol):
    """What is asked of the Docker host."""

    def is_of(self, volume: str, deployment: str) -> bool:
        """Is there a volume of this name that is marked as this deployment's?"""
        ...

    def has_file(self, source: str, file: str) -> bool | None:
        """Is there a file in a volume or folder? None if that can't be known."""
        ...

    def running(self, *, volume: str = "", deployment: str = "", role: str = "") -> list[Found]:
        """The containers that run and can write to a volume, or have a role in a deployment."""
        ...


@dataclass(frozen=True, kw_only=True)
class DatabaseClaim:
    """What a stack's database is about to take on the host.

    Attributes:
        engine: the config value that names the engine.
        deployment: the deployment's name.
        existing: the data is there and is only referenced.
        source: the volume or the folder that holds the data; "" if it is elsewhere.
        marker: the file in it that tells a server's data directory; "" if no server opens it.
        server: the container that alone may open it; "" if no server does.
        others: the volumes that hold the data if it is on another engine, by the engine and its
            title.
    """

    engine: str
    deployment: str
    existing: bool
    source: str = ""
    marker: str = ""
    server: str = ""
    others: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def problems(self, host: Host) -> Iterator[str]:
        """One line for each thing that stands in the way, and what resolves it."""
        for (engine, title), volume in self.others.items():
            if host.is_of(volume, self.deployment):
                yield self._moving(host, engine, title, volume)
        if self.marker and self.existing and host.has_file(self.source, self.marker) is False:
            yield (
                f"database.volume is {self.source}, which holds no data directory of "
                f"{self.engine}: "
                f"there is no {self.marker} at its top. Set it to the volume that has one"
            )
        for container in host.running(volume=self.source) if self.server else ():
            if container.name != self.server:
                yield self._in_use(container.name)

    def _in_use(self, container: str) -> str:
        return (
            f"{self.source} is in use by container {container}: two servers on one data directory "
            f"would destroy it. Stop that one first and keep it stopped, `docker update "
            f"--restart=no {container} && docker stop {container}`; what it serves is down until "
            "this update is through"
        )

    def _moving(self, host: Host, engine: str, title: str, volume: str) -> str:
        backends = host.running(deployment=self.deployment, role="backend")
        backend = backends[0] if backends else Found(name="BACKEND", image="IMAGE")
        steps = "\n".join(
            f"      `{step}`" for step in moving_steps(self, volume=volume, backend=backend)
        )
        return (
            f"database.engine is {self.engine}, but the data of {self.deployment} is on {title}, "
            "in "
            f"volume {volume}: an empty database would be served in its place. To leave it there, "
            f"`pulumi config set --path database.engine {engine} -s STACK`. "
            f"To move it, one after the other:\n{steps}\n"
            "    Meanwhile visitors see nothing, and just before the end what seeding made. The "
            f"old data stays in {volume}-before: remove that once all is well (docs/databases.md)"
        )


def moving_steps(claim: DatabaseClaim, *, volume: str, backend: Found) -> list[str]:
    """The commands that move a deployment's data to another engine.

    Args:
        claim: where it is to go.
        volume: where it is.
        backend: the container that serves, and its image.
    """
    name, before = claim.deployment, f"{volume}-before"
    mounts = (
        f"--mount type=volume,source={volume},target=/from,readonly "
        f"--mount type=volume,source={before},target=/to"
    )
    new = f"$(docker ps --quiet {' '.join(filters(Place(name).labels('backend')))})"
    return [
        f"docker stop {Place(name).edge}",
        f"(umask 077; docker exec {backend.name} python -m django dumpdata --all --natural-foreign "
        f"--exclude contenttypes --exclude auth.permission > {name}.json)",
        "pulumi destroy --yes -s STACK",
        f"docker volume create {before}",
        f"docker run --rm --user 0 {mounts} --entrypoint cp {backend.image} -a /from/. /to/",
        f"docker volume rm {volume}",
        f"pulumi config set --path database.engine {claim.engine} -s STACK",
        "pulumi up --yes -s STACK",
        f"docker exec {new} python -m django flush --noinput",
        f"docker exec --interactive {new} python -m django loaddata --format json - < {name}.json",
        f"rm {name}.json",
    ]
