"""Retirement: containers that served until now are stopped and kept."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step
from ..step_output import parsed


class RetirementArgs(TypedDict):
    """Who is retired."""

    containers: Sequence[str]
    """Names of containers that belong to nobody else's deployment."""
    grace: int
    """Seconds that each may take to stop."""
    times: int
    """How often they had to be retired once more, because somebody had started them again."""
    last: Mapping[str, Any]
    """The last one as the stack's state has it: what it noted stays known. Empty if there is none.
    """


class Retirement(pulumi.ComponentResource):
    """Stops what served until now, once the new backend has traffic, and keeps it from restarting.

    What has the public port has stopped before: the edge took its place.
    """

    done: pulumi.Resource
    """What waits for it waits for this."""
    way_back: pulumi.Output[dict[str, str]]
    """The command that lets each serve again as it did, by its name."""

    def __init__(
        self, name: str, args: RetirementArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Retirement", name, None, opts)
        triggers = [list(args["containers"]), *([args["times"]] if args["times"] else [])]
        environment = {
            "CONTAINERS": json.dumps(list(args["containers"])),
            "GRACE": str(args["grace"]),
        }
        retired = command.local.Command(
            f"{name}-retirement",
            create=step.command(f"{__package__}.retirement_step"),
            # The way back would be lost: what was retired isn't as it was any more.
            update=step.SAY_AGAIN,
            environment={**environment, "BEFORE": known(args["last"], environment, triggers)},
            triggers=triggers,
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.done = retired
        self.way_back = retired.stdout.apply(lambda said: parsed(said) or {})
        self.register_outputs({"way_back": self.way_back})


def known(
    last: Mapping[str, Any], environment: Mapping[str, str], triggers: Sequence[object]
) -> str:
    """The ways back that are known before, as JSON: the same as long as nothing is retired anew.

    Args:
        last: the last retirement as the stack's state has it.
        environment: the variables of this one, without what is known before.
        triggers: its triggers.
    """
    inputs = last.get("inputs", {})
    told = inputs.get("environment", {})
    is_same = inputs.get("triggers") == triggers and environment.items() <= told.items()
    if is_same and "BEFORE" in told:
        return str(told["BEFORE"])
    return json.dumps(parsed(last.get("outputs", {}).get("stdout")) or {})
