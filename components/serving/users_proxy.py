"""In the edge's place: a network on which a proxy of the user's own reaches the release."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step
from ..place import DEPLOYMENT, TRAFFIC_NETWORK, Place


class OwnProxyArgs(TypedDict):
    """What the proxy is to reach."""

    deployment: str
    """The deployment: the backends' name on the network."""
    backends: Sequence[pulumi.Input[str]]
    """The backends' containers, which have passed their gates."""
    migrations: str
    """The file of the migration check's outcome: a window that it opened ends with the switch."""
    switches: int
    """How often traffic had to be switched because a window was left open, this time included."""


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

    def __init__(
        self, name: str, args: OwnProxyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:OwnProxy", name, None, opts)
        deployment = args["deployment"]
        network = Place(deployment).traffic
        made = command.local.Command(
            f"{name}-traffic-network",
            create=step.command(f"{__package__}.users_proxy_network_step", "create"),
            delete=step.command(f"{__package__}.users_proxy_network_step", "remove"),
            environment={
                "NETWORK": network,
                "LABELS": json.dumps(Place(deployment).labels(TRAFFIC_NETWORK)),
                "OWNER": f"{DEPLOYMENT}={deployment}",
            },
            triggers=[network],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self),
        )
        backends = pulumi.Output.all(*args["backends"])
        attached = command.local.Command(
            f"{name}-traffic",
            create=step.command(f"{__package__}.users_proxy_step"),
            environment={
                "NETWORK": network,
                "ALIAS": deployment,
                "BACKEND": backends.apply(lambda names: str(names[0])),
                "BACKENDS": backends.apply(" ".join),
                "MIGRATIONS": args["migrations"],
            },
            triggers=[*args["backends"], made.id, str(args["switches"])],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.network = made.id.apply(lambda _: network)
        self.serving = pulumi.Output.all(backends, attached.id).apply(lambda both: list(both[0]))
        self.register_outputs({"network": self.network, "serving": self.serving})
