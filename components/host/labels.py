"""The labels that everything on the Docker host carries, by which it is found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import PACKAGE

if TYPE_CHECKING:  # commands read the names, too, and run where no Pulumi is
    import pulumi
    import pulumi_docker as docker

DEPLOYMENT = f"{PACKAGE}.deployment"
STACK = f"{PACKAGE}.stack"
ROLE = f"{PACKAGE}.role"
RELEASE = f"{PACKAGE}.release"
REDEPLOY = f"{PACKAGE}.redeploy"
MOUNTS = f"{PACKAGE}.mounts"

TRAFFIC_NETWORK = "traffic-network"
"""The role of the network on which a proxy of the user's own reaches the site."""

LOOKING = "look"
"""The role of a container that is made to look into a volume, and never started."""


def labels(deployment: str, role: str, **more: str) -> dict[str, str]:
    """The labels of one thing: its deployment, what it is in it, and further ones by short name."""
    extra = {f"{PACKAGE}.{name}": value for name, value in more.items()}
    return {DEPLOYMENT: deployment, ROLE: role, **extra}


def traffic_network(deployment: str) -> str:
    """The name of the network on which a proxy of the user's own reaches a deployment."""
    return f"{deployment}-traffic"


def front_network(deployment: str) -> str:
    """The name of the network on which a deployment's edge reaches its backends."""
    return f"{deployment}-front"


def options(marks: Mapping[str, str]) -> list[str]:
    """Words that have the docker client give these labels to what it makes."""
    return [word for name, value in marks.items() for word in ("--label", f"{name}={value}")]


def filters(marks: Mapping[str, str]) -> list[str]:
    """Words that let the docker client list only what bears these labels."""
    return [word for name, value in marks.items() for word in ("--filter", f"label={name}={value}")]


def as_args(values: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerLabelArgsDict]:
    """Labels in the form that the docker provider takes, sorted so that no order makes a diff."""
    return [{"label": name, "value": value} for name, value in sorted(values.items())]
