"""The edge: the reverse proxy that owns the public port."""

from collections.abc import Collection
from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE, step
from ..container_defaults import LOG_LIMITS, NOT_IN_PLACE, RESTART, TEMPORARY, Restrictions
from ..inside import EDGE_CERTIFICATES, EDGE_TLS
from ..place import Place, as_args
from ..stack_state import Resource
from ..step import Step
from .haproxy_config import PORT
from .haproxy_tls import HTTP, HTTP_V6, HTTPS, HTTPS_V6
from .network import NetworkArgs, bridge

# Of the container's own, so that it goes with it: files of the spool are of no use to another.
_SPOOL: docker.ContainerMountArgsDict = {"type": "volume", "target": "/var/spool/edge"}

# What runs in it besides renews its certificates.
_RENEWING = ("python3", "-m", EDGE_TLS, "run")


class PublicArgs(TypedDict):
    """Where the world reaches an edge that ends TLS."""

    http: int
    """The TCP port from which visitors are sent to https."""
    https: int
    """The TCP port of https."""
    ipv6: bool
    """The host has IPv6, by which both are reached, too."""


class EdgeArgs(TypedDict):
    """Where the edge listens."""

    deployment: str
    """The deployment that the edge belongs to."""
    image_id: pulumi.Input[str]
    """The id of an image with HAProxy in it."""
    stack: str
    """The stack that makes it, for the mark on its network."""
    front: pulumi.Input[str]
    """The internal network on which it reaches backends."""
    port: int
    """The TCP port on 127.0.0.1 of the host, without `public`."""
    public: NotRequired[PublicArgs | None]
    """The ports that the world reaches; None where the edge doesn't end TLS."""
    certificates: NotRequired[pulumi.Input[str] | None]
    """The volume of the certificates that it gets by itself; None where it gets none."""
    shared: NotRequired[str]
    """The deployment of the edge that sites share, which has the ports in its place; "" where this
    one has them itself."""
    memory: int
    """Megabytes that it may take; 0 is no limit."""
    cpus: float
    """Processors that it may take; 0 is no limit."""
    held_back: bool
    """The container is made, but not started: the switch of traffic does that."""


class Edge(pulumi.ComponentResource):
    """HAProxy, which answers 503 until traffic is switched to a release.

    Its configuration is in a volume and changes while it runs: the container is not replaced by an
    update and no connection is dropped.
    """

    container: pulumi.Output[str]
    """The container's name."""
    config_volume: pulumi.Output[str]
    """The volume that holds its configuration."""

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Edge", name, None, opts)
        marks = as_args(Place(args["deployment"]).labels("edge"))
        # The name is generated: a volume that was lost gets another, and traffic is set up again.
        volume = docker.Volume(
            f"{name}-edge-config",
            labels=marks,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        # Docker publishes the port here; the switch of traffic may join the edge to it later.
        network: NetworkArgs = {"deployment": args["deployment"], "stack": args["stack"]}
        ingress = bridge(f"{name}-ingress", Place(args["deployment"]).ingress, network, parent=self)
        public = args.get("public")
        certificates = args.get("certificates")
        shared = args.get("shared")
        further_marks = {"tls": "true" if certificates is None else "auto"} if public else {}
        further_marks |= {"shared": shared} if shared else {}
        further: list[docker.ContainerNetworksAdvancedArgsDict] = (
            [{"name": Place(shared).shared}] if shared else []
        )
        denied = restrictions(args["memory"], args["cpus"])
        container = docker.Container(
            f"{name}-edge",
            name=Place(args["deployment"]).edge,
            image=args["image_id"],
            labels=as_args(Place(args["deployment"]).labels("edge", **further_marks)),
            mounts=[
                {"type": "volume", "source": volume.name, "target": "/var/lib/edge"},
                _SPOOL,
                *_kept(certificates),
            ],
            command=None if certificates is None else [*_RENEWING],
            **denied.arguments(),
            network_mode="bridge",
            networks_advanced=[
                {"name": args["front"]},
                {"name": ingress},
                *further,
            ],
            ports=_ports(args),
            restart=RESTART,
            start=not args["held_back"],
            must_run=not args["held_back"],
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
            f"{name}-edge-limits",
            f"{__package__}.edge_step",
            parent=self,
            triggers={"container": container.id, "processes": denied.processes},
            environment={"CONTAINER": container.name, "PROCESSES": str(denied.processes)},
        )
        self.container = container.name
        self.config_volume = volume.name
        self.register_outputs({"container": self.container})


def _kept(certificates: pulumi.Input[str] | None) -> list[docker.ContainerMountArgsDict]:
    if certificates is None:
        return []
    return [{"type": "volume", "source": certificates, "target": EDGE_CERTIFICATES}]


def _ports(args: EdgeArgs) -> list[docker.ContainerPortArgsDict] | None:
    public = args.get("public")
    if args.get("shared"):
        return None
    return public_ports(public) if public else _loopback(args["port"])


def _loopback(port: int) -> list[docker.ContainerPortArgsDict]:
    return [{"internal": PORT, "external": port, "ip": "127.0.0.1"}]


def public_ports(args: PublicArgs) -> list[docker.ContainerPortArgsDict]:
    """Where the world reaches an edge, as the docker provider is told.

    Args:
        args: the ports of the host.
    """
    found: list[docker.ContainerPortArgsDict] = [
        {"internal": HTTP, "external": args["http"], "ip": "0.0.0.0"},
        {"internal": HTTPS, "external": args["https"], "ip": "0.0.0.0"},
    ]
    if args["ipv6"]:
        found.append({"internal": HTTP_V6, "external": args["http"], "ip": "::"})
        found.append({"internal": HTTPS_V6, "external": args["https"], "ip": "::"})
    # In the order in which the docker provider finds them again.
    return sorted(found, key=lambda port: int(str(port["internal"])))


def restrictions(memory: int, cpus: float) -> Restrictions:
    """What the edge is denied: it listens above 1024, so that it needs none of root's rights.

    Args:
        memory: megabytes that it may take; 0 is no limit.
        cpus: processors that it may take; 0 is no limit.
    """
    sockets = "size=8m,mode=1777"
    return Restrictions(
        temporary={TEMPORARY: "size=64m,mode=1777", "/run/edge": sockets},
        processes=512,
        memory=memory,
        cpus=cpus,
    )


def is_held_back(last: Resource, *, vanished: Collection[str], port_is_taken: bool) -> bool:
    """Is the edge's container only made, since something that makes room later has its port?

    One that is there stays as it was made: whether it was held back is no change to it.

    Args:
        last: the container as the stack's state has it; empty if there is none.
        vanished: the ids of what isn't on the host any more, or is stopped there.
        port_is_taken: a container that is taken over from has the port.
    """
    is_there = bool(last) and last.id not in vanished
    return port_is_taken or (is_there and last.inputs.get("start") is False)
