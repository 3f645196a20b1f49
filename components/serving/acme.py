"""Certificates that the edge gets by itself: what it keeps of them, and the first one."""

from collections.abc import Mapping
from typing import NotRequired, Protocol, TypedDict

import pulumi

from deploy_runtime.tls.wanted import Wanted

from .. import PACKAGE, step
from ..data.volume import VolumeArgs, retained_volume
from ..place import Place
from ..stack_state import StackState
from ..step import Step

MODULE = f"{__package__}.acme_step"
"""The step by which there is a certificate, whatever serves."""
_ROLE = "certificates"


class Host(Protocol):
    """What is asked of the Docker host."""

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """A volume's labels; None if there is no such volume."""
        ...


class AskedArgs(TypedDict):
    """Which certificate, and how it is asked for."""

    deployment: str
    """The deployment that it is for."""
    wanted: Wanted
    """It."""
    image: pulumi.Input[str]
    """The id of the image of an edge that ends TLS."""
    http_port: int
    """The TCP port of the host at which the authority's questions arrive."""
    shared: NotRequired[str]
    """The deployment of the edge that sites share, which has that port; "" without one."""


class AcmeArgs(AskedArgs, VolumeArgs):
    """The same, and whose it is."""

    times: int
    """How often the volume was not there any more."""


class Acme(pulumi.ComponentResource):
    """The volume with account and certificate, which outlives the stack; and that there is one.

    It is asked for before anything of the edge is made or changed. An edge that gets its
    certificates by itself already asks for another one, of further domains; where none serves by
    TLS, a container of its own has the port for as long.
    """

    volume: pulumi.Output[str]
    """The volume's name."""

    def __init__(
        self, name: str, args: AcmeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Acme", name, None, opts)
        volume = retained_volume(self, name, args, role=_ROLE, opts=opts)
        Step(
            _step(name),
            MODULE,
            parent=self,
            triggers={"times": args["times"]},
            environment={**environment(args, volume), "EDGE": Place(args["deployment"]).edge},
            stdin=args["wanted"].as_json(),
            # Another one is asked for, if what is kept is not what is wanted.
            update=None,
            depends_on=step.after(opts),
        )
        self.volume = volume
        self.register_outputs({"volume": volume})


def environment(args: AskedArgs, volume: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """The variables that the step reads, but for the edge.

    Args:
        args: which certificate.
        volume: the volume that it is kept in.
    """
    shared = args.get("shared")
    there = {"SHARED": shared} if shared else {}
    return {
        "DEPLOYMENT": args["deployment"],
        "VOLUME": volume,
        "IMAGE": args["image"],
        "PORT": str(args["http_port"]),
        **there,
    }


def askings(state: StackState, host: Host, deployment: str) -> int:
    """How often one had to be asked for because its volume was not there, this time included."""
    gone = host.volume_labels(Place(deployment).certificates) is None
    return state.times(_step(deployment), "times", again=bool(state[_step(deployment)]) and gone)


def _step(name: str) -> str:
    return f"{name}-certificate-first"
