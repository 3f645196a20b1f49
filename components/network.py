"""The network on which the edge reaches the backends by name."""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from components import PACKAGE
from components.labels import as_args, labels


class NetworkArgs(TypedDict):
    """Whose network it is."""

    deployment: str
    """The deployment that the network belongs to."""
    stack: str
    """The stack that makes it, for the mark on it."""


class Network(pulumi.ComponentResource):
    """A bridge network of the deployment's own, with Docker's DNS for container names."""

    network_name: pulumi.Output[str]
    """The network's name."""

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Network", name, None, opts)
        network = docker.Network(
            f"{name}-network",
            name=args["deployment"],
            driver="bridge",
            labels=as_args(labels(args["deployment"], "network", stack=args["stack"])),
            # The mark says who made it; handing it to another stack replaces nothing.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        self.network_name = network.name
        self.register_outputs({"network_name": self.network_name})
