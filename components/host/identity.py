"""Which Docker daemon a stack is on, whatever its address: it is known by the name of a volume.

An address may lead to another machine tomorrow, and two of them to one machine. The id that
`docker info` shows is copied along with a machine's disk image. So the first `up` on a host makes
an empty volume there, named after a number of its own, and each stack's state says which it met.
A host may have several: one that takes another's place gets its volume, too.
"""

import uuid
from collections.abc import Iterable
from typing import Protocol, TypedDict

import pulumi

from .. import PACKAGE
from ..errors import UserError
from ..stack_state import StackState
from ..step import Step
from . import identity_step

PREFIX = f"{PACKAGE}.host."
STEP = "host"
"""The name of the step that marks a host, where the whole program is one site."""
PROVIDER = "docker"
"""The same of the docker provider that leads there."""


class Host(Protocol):
    """What is asked of the Docker host."""

    @property
    def address(self) -> str | None:
        """Where its daemon is; None for the docker client's default."""
        ...

    @property
    def identities(self) -> frozenset[str]:
        """What it is known by."""
        ...

    def statuses(self) -> Iterable[str]:
        """The containers' ids."""
        ...

    def networks(self) -> frozenset[str]:
        """The networks' ids."""
        ...


def among(volumes: Iterable[str]) -> frozenset[str]:
    """What a host is known by.

    Args:
        volumes: the names of all volumes on it.
    """
    return frozenset(v.removeprefix(PREFIX) for v in volumes if v.startswith(PREFIX))


def identify(state: StackState, host: Host, *, step: str = STEP, provider: str = PROVIDER) -> str:
    """What the host is known by to a stack.

    Args:
        state: the stack's state.
        host: the Docker host that answered.
        step: the name of the step that marks it.
        provider: the name of the stack's docker provider.

    Raises:
        UserError: the stack is on another one.
    """
    before = str(state[step].triggers.get("identity", ""))
    known = host.identities
    if not before:
        return min(known, default="") or uuid.uuid4().hex[:12]
    # The volume is nobody's, and somebody may have tidied it away.
    if before in known or state.ids & {*host.networks(), *host.statuses()}:
        return before
    was = str(state[provider].inputs.get("host") or "")
    raise UserError(*_another(before, known, was, host.address or ""))


def _another(before: str, known: frozenset[str], was: str, now: str) -> tuple[str, list[str]]:
    here = ", ".join(sorted(known)) or "no site of any stack has been there"
    at = [address or "the default address" for address in (was, now)]
    back = f"`pulumi config set host {was} -s STACK`" if was else "take `host` out of its config"
    stay = f"if it is to stay there: {back}; where that says nothing, DOCKER_HOST or the docker "
    return (
        f"stack {pulumi.get_stack()} is on another Docker host than the one at {at[1]}",
        [
            f"it is on {before}, which was at {at[0]}; here is {here}",
            *([f"{stay}context decides"] if was != now else []),
            'if it is to move, its data goes first: docs/hosts.md, "Move a site"',
            "if this is that host, set up anew, and its data is here again: "
            f"`docker volume create {PREFIX}{before}` there says so; then run the same again",
        ],
    )


class HostIdentityArgs(TypedDict):
    """What a host is known by."""

    identity: str
    """What it is known by, as `identify` says."""

    made: int
    """How often its volume was made anew."""

    step: str
    """The name of the step that makes it."""


class HostIdentity(pulumi.ComponentResource):
    """Has a Docker host bear what it is known by. That stays when a site is removed."""

    def __init__(
        self, name: str, args: HostIdentityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:HostIdentity", name, None, opts)
        Step(
            args["step"],
            identity_step.__name__,
            parent=self,
            triggers={"identity": args["identity"], "made": args["made"]},
            environment={"VOLUME": PREFIX + args["identity"]},
        )
        self.register_outputs({})


def times_made(state: StackState, host: Host, identity: str, *, step: str = STEP) -> int:
    """How often the volume was made anew, as nobody's and tidied away, this time included.

    Args:
        state: the stack's state.
        host: the Docker host.
        identity: as `identify` says.
        step: as for `identify`.
    """
    gone = bool(state[step]) and identity not in host.identities
    return state.times(step, "made", again=gone)
