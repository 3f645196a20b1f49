"""The switch of traffic: the last step of an update, once every backend has passed its gate."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..place import Place
from ..stack_state import StackState
from ..step import Step
from .haproxy_config import EdgeConfig, configuration_id, render


class SwitchArgs(TypedDict):
    """Where requests go from now on, whoever sends them."""

    backends: Sequence[pulumi.Input[str]]
    """The backends' containers, which have passed their gates."""
    backend_port: int
    """The port on which they listen."""
    check: str
    """The file of the migration check's description: a window that it opened ends here."""
    switches: int
    """How often traffic had to be switched because a window was left open, this time included."""


def switch(
    component: pulumi.Resource,
    name: str,
    module: str,
    args: SwitchArgs,
    *,
    triggers: Mapping[str, Any],
    environment: Mapping[str, pulumi.Input[str]],
    stdin: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions | None,
) -> pulumi.Output[list[str]]:
    """Have a step send requests to a release's backends.

    Args:
        component: what the step belongs to.
        name: the component's name, the prefix of the step's.
        module: the step's module.
        args: where requests go from now on.
        triggers: what it runs for besides.
        environment: the variables that it reads besides.
        stdin: what it reads on standard input.
        opts: the component's options, for what it depends on.

    Returns:
        The backends' containers, known only once requests reach them.
    """
    switched = Step(
        f"{name}-traffic",
        module,
        parent=component,
        triggers={"backends": list(args["backends"]), "switches": args["switches"], **triggers},
        environment={"CHECK": args["check"], **environment},
        stdin=stdin,
        # What else changes, as the edge's configuration may, is handed over, too: who serves stays.
        update=None,
        depends_on=step.after(opts),
    )
    return pulumi.Output.all(switched.id, *args["backends"]).apply(lambda known: list(known[1:]))


class TrafficArgs(SwitchArgs):
    """By which edge requests are sent there."""

    edge: pulumi.Input[str]
    """The edge's container."""
    config_volume: pulumi.Input[str]
    """The volume that holds the edge's configuration."""
    config: EdgeConfig
    """What else the edge's configuration depends on."""


class Traffic(pulumi.ComponentResource):
    """Sends requests to a release's backends, all at once.

    The edge lets them in when its own checks of them have passed, and only then sends no more
    requests to those that served; if it never sees them well, those go on serving and this fails.
    """

    serving: pulumi.Output[list[str]]
    """The backends' containers, known only once requests reach them."""
    reached_by: Mapping[str, pulumi.Input[str]]
    """The container that sends visitors there, by its role."""
    upstream: None = None
    """Nobody else has to know where they are."""

    def __init__(
        self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Traffic", name, None, opts)
        text = pulumi.Output.all(*args["backends"]).apply(
            lambda names: render(args["config"], names, args["backend_port"])
        )
        self.serving = switch(
            self,
            name,
            f"{__package__}.traffic_step",
            args,
            triggers={"edge": args["config_volume"]},
            environment={
                "EDGE": args["edge"],
                "CONFIGURATION": configuration_id(args["config"]),
            },
            # Hashes of passwords are not for everybody who may see a preview.
            stdin=pulumi.Output.secret(text) if args["config"].access.users else text,
            opts=opts,
        )
        self.reached_by = {"edge": args["edge"]}
        self.register_outputs({"serving": self.serving})


def switches(state: StackState, deployment: str, *, is_open: bool) -> int:
    """How often traffic had to be switched because a window was left open, now included.

    An update that was killed in one may be followed by one that changes nothing: visitors would
    stay on the maintenance page.

    Args:
        state: the stack's state.
        deployment: the deployment's name.
        is_open: a window is.
    """
    return state.times(Place(deployment).name("traffic"), "switches", again=is_open)
