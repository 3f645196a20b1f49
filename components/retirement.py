"""Retirement: containers that served until now are stopped and kept."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from components import PACKAGE


class RetirementArgs(TypedDict):
    """Who is retired."""

    containers: Sequence[str]
    """Names of containers that belong to nobody else's deployment."""
    grace: int
    """Seconds that each may take to stop."""


class Retirement(pulumi.ComponentResource):
    """Stops what served until now, once the new backend is healthy, and keeps it from restarting.

    It comes before the edge, because what is retired may hold the public port: from here until
    the edge has traffic nothing answers, a second or two.
    """

    done: pulumi.Resource
    """What the edge waits for."""

    def __init__(
        self, name: str, args: RetirementArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Retirement", name, None, opts)
        self.done = command.local.Command(
            f"{name}-retirement",
            create="python3 -m components.commands.retire",
            environment={
                "CONTAINERS": json.dumps(list(args["containers"])),
                "GRACE": str(args["grace"]),
            },
            triggers=[list(args["containers"])],
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.register_outputs({})
