"""A site's domains at the edge that sites share: they lead to it as long as it is there."""

from collections.abc import Collection, Sequence
from typing import TypedDict

import pulumi

from .. import PACKAGE, step
from ..place import Place
from ..stack_state import StackState
from ..step import Step

_STEP = "domains"


class RegistrationArgs(TypedDict):
    """Which domains lead where."""

    deployment: str
    """The site's deployment."""
    shared: str
    """The deployment of the shared edge."""
    domains: Sequence[str]
    """The site's domains."""
    lost: int
    """How often the shared edge had lost them, this time included."""


class Registration(pulumi.ComponentResource):
    """Has the shared edge pass visitors of a site's domains on, once the site can serve them.

    Before the site's own edge is removed, they are let in no more.
    """

    done: pulumi.Resource
    """Says that they lead to the site."""

    def __init__(
        self, name: str, args: RegistrationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Registration", name, None, opts)
        module = f"{__package__}.registration_step"
        self.done = Step(
            f"{name}-{_STEP}",
            module,
            parent=self,
            # Only at another shared edge is it another registration: the end of one that was
            # replaced takes away all that leads to the site.
            triggers={"shared": args["shared"]},
            environment={
                "SHARED_EDGE": Place(args["shared"]).shared_edge,
                "EDGE": Place(args["deployment"]).edge,
                "DOMAINS": " ".join(args["domains"]),
                "LOST": str(args["lost"]),
            },
            update=None,
            delete=step.run(module, "remove"),
            depends_on=step.after(opts),
        )
        self.register_outputs({})


def times_lost(state: StackState, deployment: str, *, led: Collection[str]) -> int:
    """How often the shared edge had lost a site's domains, this time included.

    Args:
        state: the stack's state.
        deployment: the site's deployment.
        led: the domains whose visitors it passes on to the site now.
    """
    before = state[Place(deployment).name(_STEP)]
    environment = before.inputs.get("environment") or {}
    told = set(str(environment.get("DOMAINS", "")).split())
    return int(environment.get("LOST", 0)) + (bool(before) and told != set(led))
