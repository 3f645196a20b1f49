"""What sends a site's resources to its Docker host, and has the host known again."""

from typing import Any

import pulumi
import pulumi_docker as docker

from ..host import identity
from .preparation import Preparation
from .scope import Register
from .shared_edge import SharedEdgePreparation

_COMMAND = "command:local:Command"


def send_to_host(given: Preparation | SharedEdgePreparation) -> pulumi.ResourceOptions:
    """Have provider and steps talk to the daemon that the key `host` names, and mark that.

    Returns:
        The options of a resource of the docker provider.
    """
    scope = given.scope
    opts = pulumi.ResourceOptions(parent=scope.parent)
    if given.settings.host:
        _send_steps(given.settings.host, scope.register)
    provider = docker.Provider(scope.named(identity.PROVIDER), host=given.host.address, opts=opts)
    step = scope.named(identity.STEP)
    known_by = given.host_identity
    made = identity.times_made(given.state, given.host, known_by, step=step)
    identity.HostIdentity(
        given.settings.deployment, {"identity": known_by, "made": made, "step": step}, opts
    )
    return pulumi.ResourceOptions(parent=scope.parent, providers=[provider])


def _send_steps(address: str, register: Register) -> None:
    """Steps, and what runs when they are removed, take the address from their environment."""

    def send(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _COMMAND:
            return None
        props: dict[str, Any] = dict(args.props)
        props["environment"] = {**(props.get("environment") or {}), "DOCKER_HOST": address}
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    register(send)
