"""The switch of traffic: the last step of an update, once every backend has passed its gate."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step
from .edge_config import EdgeConfig, configuration_id, render


class TrafficArgs(TypedDict):
    """Where requests go from now on."""

    edge: pulumi.Input[str]
    """The edge's container."""
    config_volume: pulumi.Input[str]
    """The volume that holds the edge's configuration."""
    backends: Sequence[pulumi.Input[str]]
    """The backends' containers, which have passed their gates."""
    backend_port: int
    """The port on which they listen."""
    config: EdgeConfig
    """What else the edge's configuration depends on."""
    migrations: str
    """The file of the migration check's outcome: a window that it opened ends with the switch."""
    switches: int
    """How often traffic had to be switched because a window was left open, this time included."""


class Traffic(pulumi.ComponentResource):
    """Sends requests to a release's backends, all at once.

    The edge lets them in when its own checks of them have passed, and only then sends no more
    requests to those that served; if it never sees them well, those go on serving and this fails.
    """

    serving: pulumi.Output[list[str]]
    """The backends' containers, known only once requests reach them."""

    def __init__(
        self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Traffic", name, None, opts)
        backends = pulumi.Output.all(*args["backends"])
        switched = command.local.Command(
            f"{name}-traffic",
            create=step.command(f"{__package__}.traffic_step"),
            environment={
                "EDGE": args["edge"],
                "BACKEND": backends.apply(lambda names: str(names[0])),
                "BACKENDS": backends.apply(" ".join),
                "CONFIGURATION": configuration_id(args["config"]),
                "MIGRATIONS": args["migrations"],
            },
            stdin=backends.apply(lambda names: render(args["config"], names, args["backend_port"])),
            triggers=[*args["backends"], args["config_volume"], str(args["switches"])],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.serving = pulumi.Output.all(backends, switched.id).apply(lambda both: list(both[0]))
        self.register_outputs({"serving": self.serving})
