"""In the edge's place: a network on which a proxy of the user's own reaches the release."""

import json
from collections.abc import Mapping

import pulumi

from .. import PACKAGE, step
from ..place import DEPLOYMENT, TRAFFIC_NETWORK, Place
from ..step import Step
from .traffic import SwitchArgs, switch


class OwnProxyArgs(SwitchArgs):
    """What the proxy is to reach."""

    deployment: str
    """The deployment: the backends' name on the network."""


class OwnProxy(pulumi.ComponentResource):
    """Lets a release onto the network DEPLOYMENT-traffic, under the name DEPLOYMENT.

    Nothing that has not passed its gate has that name. Those that served until now keep it until
    they are stopped at the end of the update, so that what is in flight there ends.

    The network is no resource of the provider's: others are on it, which must not fail a `destroy`,
    and a container that joins it later must not look changed.
    """

    network: pulumi.Output[str]
    """The network's name."""
    serving: pulumi.Output[list[str]]
    """The backends' containers, known only once they are reachable."""
    reached_by: Mapping[str, pulumi.Input[str]]
    """No container of the deployment's sends visitors there."""
    upstream: dict[str, pulumi.Input[str]]
    """What the proxy has to know: the network, and the address on it."""

    def __init__(
        self, name: str, args: OwnProxyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:OwnProxy", name, None, opts)
        deployment = args["deployment"]
        network = Place(deployment).traffic
        module = f"{__package__}.users_proxy_network_step"
        made = Step(
            f"{name}-traffic-network",
            module,
            parent=self,
            triggers={"network": network},
            environment={
                "NETWORK": network,
                "LABELS": json.dumps(Place(deployment).labels(TRAFFIC_NETWORK)),
                "OWNER": f"{DEPLOYMENT}={deployment}",
            },
            update=None,
            delete=step.run(module, "remove"),
        )
        backends = pulumi.Output.all(*args["backends"])
        self.serving = switch(
            self,
            name,
            f"{__package__}.users_proxy_step",
            args,
            triggers={"network": made.id},
            environment={
                "NETWORK": network,
                "ALIAS": deployment,
                "BACKENDS": backends.apply(" ".join),
            },
            opts=opts,
        )
        self.network = made.id.apply(lambda _: network)
        self.reached_by = {}
        self.upstream = {"network": self.network, "address": f"{deployment}:{args['backend_port']}"}
        self.register_outputs({"network": self.network, "serving": self.serving})
