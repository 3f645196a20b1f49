"""The deployment's networks: what the application reaches, and on which the edge reaches it."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from ..place import Place, as_args


class NetworkArgs(TypedDict):
    """Whose networks they are."""

    deployment: str
    """The deployment that the networks belong to."""
    stack: str
    """The stack that makes them, for the mark on them."""
    site: NotRequired[str]
    """The component that is the site, for the mark, too; none where the program is one site."""
    has_server: NotRequired[bool]
    """The deployment has a database server of its own."""


class Network(pulumi.ComponentResource):
    """Bridge networks of the deployment's own, with Docker's DNS for container names.

    The edge is what strangers talk to: it is on a network with the backends, and on none with a
    database or whatever else the application uses. A database server reaches nothing else.
    """

    network_name: pulumi.Output[str]
    """The network of the application and its jobs."""
    front_name: pulumi.Output[str]
    """The network of the edge and the backends, which leads nowhere else."""
    database_name: pulumi.Output[str] | None = None
    """The network of the database server and what uses it, which leads nowhere else; None where the
    deployment has no server of its own."""

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Network", name, None, opts)
        place = Place(args["deployment"])
        self.network_name = bridge(f"{name}-network", place.deployment, args, parent=self)
        self.front_name = bridge(f"{name}-front", place.front, args, parent=self, internal=True)
        if args.get("has_server"):
            self.database_name = bridge(
                f"{name}-database-network", place.database, args, parent=self, internal=True
            )
        self.register_outputs({"network_name": self.network_name, "front_name": self.front_name})


def bridge(
    name: str, network: str, args: NetworkArgs, *, parent: pulumi.Resource, internal: bool = False
) -> pulumi.Output[str]:
    """Make one network of a deployment's own.

    Args:
        name: the resource's name.
        network: what the network is called on the host.
        args: whose it is.
        parent: the component that it belongs to.
        internal: nothing leads out of it, and Docker publishes no port there.

    Returns:
        What it is called on the host, once it is there.
    """
    site = args.get("site", "")
    marks = {"stack": args["stack"], **({"site": site} if site else {})}
    return docker.Network(
        name,
        name=network,
        driver="bridge",
        internal=internal,
        labels=as_args(Place(args["deployment"]).labels("network", **marks)),
        # The mark says who made it; handing it to another stack replaces nothing.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["labels"]),
    ).name
