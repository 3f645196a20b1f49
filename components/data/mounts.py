"""Mounts, in the two forms in which they are needed: the docker provider's and the client's."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import pulumi
import pulumi_docker as docker

from ..config.paths import mount_words


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One mount of the application's containers.

    Attributes:
        type: a named volume, or a folder of the host.
        source: the volume's name, or the folder's absolute path.
        target: where it appears in the container.
        read_only: the container can't write to it.
    """

    type: Literal["volume", "bind"] = "volume"
    source: pulumi.Input[str]
    target: str
    read_only: bool = False

    @classmethod
    def of(cls, source: str, target: str) -> "Mount":
        """A mount of a volume by name, or of a folder of the host by absolute path."""
        return cls(
            type="bind" if source.startswith("/") else "volume", source=source, target=target
        )

    def for_container(self) -> docker.ContainerMountArgsDict:
        """As the docker provider takes it."""
        return {
            "type": self.type,
            "source": self.source,
            "target": self.target,
            "read_only": self.read_only,
        }

    def for_client(self) -> pulumi.Output[str]:
        """As `docker run --mount` takes it."""
        tail = ",readonly" if self.read_only else ""
        return pulumi.Output.from_input(self.source).apply(
            lambda source: mount_words(self.type, source, self.target) + tail
        )


def fingerprint(mounts: Sequence[Mount]) -> pulumi.Output[str]:
    """Changes when something else is mounted.

    The docker provider takes another source, in as many mounts as before, for no change at all.
    """
    told = pulumi.Output.all(*(mount.for_client() for mount in mounts))
    return told.apply(lambda lines: sha256("\n".join(lines).encode()).hexdigest()[:16])
