"""Retirement: containers that served until now are stopped and kept."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from components import PACKAGE, step


class RetirementArgs(TypedDict):
    """Who is retired."""

    containers: Sequence[str]
    """Names of containers that belong to nobody else's deployment."""
    grace: int
    """Seconds that each may take to stop."""
    edge: str
    """The edge's container, whether it is there yet or not; "" if there will be none."""
    times: int
    """How often they had to be retired once more, because somebody had started them again."""


class Retirement(pulumi.ComponentResource):
    """Stops what served until now, once the new backend is healthy, and keeps it from restarting.

    Where that doesn't hold the public port, it comes last, and visitors notice nothing. Where it
    does, it comes before the edge, and until that has traffic nothing answers, a second or two.
    """

    done: pulumi.Resource
    """What the edge waits for."""

    def __init__(
        self, name: str, args: RetirementArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Retirement", name, None, opts)
        again = [args["times"]] if args["times"] else []
        self.done = command.local.Command(
            f"{name}-retirement",
            create=step.command("retire"),
            environment={
                "CONTAINERS": json.dumps(list(args["containers"])),
                "GRACE": str(args["grace"]),
                "EDGE": args["edge"],
            },
            triggers=[list(args["containers"]), *again],
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.register_outputs({})
