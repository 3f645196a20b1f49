"""The edge that sites on one host share: it has the ports, and passes visitors on by their domain.

It ends no TLS and keeps no site's pages: all that a site says of its visitors, from certificates to
limits, is said by its own edge, so that no site can break another.
"""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE, step
from ..container_defaults import LOG_LIMITS, NOT_IN_PLACE, RESTART
from ..inside import SHARED_SITES
from ..place import SHARED_EDGE, Place, as_args
from ..step import Step
from .edge import PublicArgs, public_ports, restrictions
from .network import NetworkArgs, bridge


class SharedEdgeArgs(TypedDict):
    """Where the shared edge listens."""

    deployment: str
    """The deployment that it is."""
    image_id: pulumi.Input[str]
    """The id of its image."""
    stack: str
    """The stack that makes it, for the mark on its networks."""
    public: PublicArgs
    """The ports that the world reaches."""
    memory: int
    """Megabytes that it may take; 0 is no limit."""
    cpus: float
    """Processors that it may take; 0 is no limit."""


class SharedEdge(pulumi.ComponentResource):
    """HAProxy, which passes visitors on to the edges of the sites that it was told of.

    What it was told is in a volume, so that another container goes on with it.
    """

    container: pulumi.Output[str]
    """The container's name."""

    def __init__(
        self, name: str, args: SharedEdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:SharedEdge", name, None, opts)
        place = Place(args["deployment"])
        marks = as_args(place.labels(SHARED_EDGE))
        # The name is generated: a volume that was lost gets another, and sites say again what leads
        # to them.
        volume = docker.Volume(
            f"{name}-sites",
            labels=marks,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        network: NetworkArgs = {"deployment": args["deployment"], "stack": args["stack"]}
        ingress = bridge(f"{name}-ingress", place.ingress, network, parent=self)
        shared = bridge(f"{name}-shared", place.shared, network, parent=self, internal=True)
        denied = restrictions(args["memory"], args["cpus"])
        container = docker.Container(
            f"{name}-{SHARED_EDGE}",
            name=place.shared_edge,
            image=args["image_id"],
            labels=marks,
            mounts=[
                {"type": "volume", "source": volume.name, "target": SHARED_SITES.rpartition("/")[0]}
            ],
            **denied.arguments(),
            network_mode="bridge",
            networks_advanced=[{"name": shared}, {"name": ingress}],
            ports=public_ports(args["public"]),
            restart=RESTART,
            destroy_grace_seconds=5,
            log_driver="json-file",
            log_opts=LOG_LIMITS,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=step.after(opts),
                delete_before_replace=True,
                replace_on_changes=NOT_IN_PLACE,
            ),
        )
        Step(
            f"{name}-{SHARED_EDGE}-limits",
            f"{__package__}.edge_step",
            parent=self,
            triggers={"container": container.id, "processes": denied.processes},
            environment={"CONTAINER": container.name, "PROCESSES": str(denied.processes)},
        )
        self.container = container.name
        self.register_outputs({"container": self.container})
