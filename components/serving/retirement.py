"""Retirement: containers that served until now are stopped and kept."""

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi

from .. import PACKAGE, step
from ..stack_state import Resource
from ..step import Step


class RetirementArgs(TypedDict):
    """Who is retired."""

    containers: Sequence[str]
    """Names of containers that belong to nobody else's deployment."""
    grace: int
    """Seconds that each may take to stop."""
    times: int
    """How often they had to be retired once more, because somebody had started them again."""
    last: Resource
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
        triggers = {"containers": list(args["containers"]), "times": args["times"]}
        environment = {
            "CONTAINERS": json.dumps(list(args["containers"])),
            "GRACE": str(args["grace"]),
        }
        # It runs for its triggers alone: what was retired isn't as it was any more, and the way
        # back would be lost.
        retired = Step(
            f"{name}-retirement",
            f"{__package__}.retirement_step",
            parent=self,
            triggers=triggers,
            environment={**environment, "BEFORE": known(args["last"], environment, triggers)},
            depends_on=step.after(opts),
        )
        self.done = retired
        self.way_back = retired.result.apply(lambda ways: ways or {})
        self.register_outputs({"way_back": self.way_back})


def known(last: Resource, environment: Mapping[str, str], triggers: Mapping[str, object]) -> str:
    """The ways back that are known before, as JSON: the same as long as nothing is retired anew.

    Args:
        last: the last retirement as the stack's state has it.
        environment: the variables of this one, without what is known before.
        triggers: its triggers.
    """
    told = last.inputs.get("environment", {})
    is_same = last.triggers == triggers and environment.items() <= told.items()
    if is_same and "BEFORE" in told:
        return str(told["BEFORE"])
    return json.dumps(last.result or {})
