"""Where a deployment is on its Docker host: what it is called there, and how it is found again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import PACKAGE

if TYPE_CHECKING:  # steps read the names, too, and run where no Pulumi is
    import pulumi
    import pulumi_docker as docker

DEPLOYMENT = f"{PACKAGE}.deployment"
STACK = f"{PACKAGE}.stack"
SITE = f"{PACKAGE}.site"
ROLE = f"{PACKAGE}.role"
RELEASE = f"{PACKAGE}.release"
REDEPLOY = f"{PACKAGE}.redeploy"
MOUNTS = f"{PACKAGE}.mounts"
TLS = f"{PACKAGE}.tls"
SHARED = f"{PACKAGE}.shared"
"""The mark of a site's edge that is reached through one that sites share: that one's deployment."""

LONGEST = 40
"""Characters of a deployment's name: what is named after it has to stay a name, too."""

LOOKING = "look"
"""The role of a container that is made to look into a volume, and never started."""

ONE_OFF = "one-off"
"""The role of a container that runs a command by hand; there may be several."""

IMAGE_ROLES = ("app", "release", "edge-image", "tls-image", "shared-image", "postgres-image")
"""The roles of images. A container has its image's if it was given none: it is a helper of this
program, or somebody started it by hand."""

SHARED_EDGE = "shared-edge"
"""The role of the edge that sites on one host share, and of the volume of what it goes by."""

TRAFFIC_NETWORK = "traffic-network"
"""The role of the network on which a proxy of the user's own reaches the site."""


@dataclass(frozen=True)
class Place:
    """What of a deployment has a name of its own on the host; the rest has generated ones.

    Attributes:
        deployment: the deployment, after which all of it is named.
    """

    deployment: str

    def name(self, role: str) -> str:
        """The name of what there is once: a container, a volume or a network."""
        return f"{self.deployment}-{role}"

    def labels(self, role: str, **more: str) -> dict[str, str]:
        """The labels of one thing: its deployment, what it is in it, and further by short name."""
        extra = {f"{PACKAGE}.{name}": value for name, value in more.items()}
        return {DEPLOYMENT: self.deployment, ROLE: role, **extra}

    @property
    def edge(self) -> str:
        """The container of the edge."""
        return self.name("edge")

    @property
    def shared_edge(self) -> str:
        """The container of the edge that sites on one host share."""
        return self.name(SHARED_EDGE)

    @property
    def shared(self) -> str:
        """The network on which that reaches the edges of sites."""
        return self.name("shared")

    @property
    def postgres(self) -> str:
        """The container of the deployment's own PostgreSQL, and the name of its host."""
        return self.name("postgres")

    @property
    def front(self) -> str:
        """The network on which the edge reaches the backends."""
        return self.name("front")

    @property
    def ingress(self) -> str:
        """The network through which the edge has its port."""
        return self.name("ingress")

    @property
    def database(self) -> str:
        """The network on which the application reaches the deployment's own database server."""
        return self.name("database")

    @property
    def traffic(self) -> str:
        """The network on which a proxy of the user's own reaches the backends."""
        return self.name("traffic")

    @property
    def backups(self) -> str:
        """The volume with the copies of the database."""
        return self.name("backups")

    @property
    def ledger(self) -> str:
        """The volume with the ledger."""
        return self.name("ledger")

    @property
    def kept_secrets(self) -> str:
        """The volume with the secrets that were generated."""
        return self.name("kept-secrets")

    @property
    def certificates(self) -> str:
        """The volume with the certificates that the edge gets by itself."""
        return self.name("certificates")

    @property
    def media(self) -> str:
        """The volume of uploaded files, where config names no other."""
        return self.name("media")


def default_deployment(stack: str) -> str:
    """The deployment of a stack whose key `deployment` is empty: its name, as names go on a host.

    It may be longer than a deployment's name can be: cut, two stacks' could be the same.
    """
    return re.sub(r"[^a-z0-9-]+", "-", stack.lower()).strip("-")


def options(marks: Mapping[str, str]) -> list[str]:
    """Words that have the docker client give these labels to what it makes."""
    return [word for name, value in marks.items() for word in ("--label", f"{name}={value}")]


def filters(marks: Mapping[str, str]) -> list[str]:
    """Words that let the docker client list only what bears these labels."""
    return [word for name, value in marks.items() for word in ("--filter", f"label={name}={value}")]


def as_args(values: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerLabelArgsDict]:
    """Labels in the form that the docker provider takes, sorted so that no order makes a diff."""
    return [{"label": name, "value": value} for name, value in sorted(values.items())]
