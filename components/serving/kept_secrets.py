"""The secrets that were generated for a deployment: in the stack's state, and on its host.

The state has them encrypted, so whoever shares state and passphrase goes on with them, whatever
the clone and the machine. The volume on the host outlives the stack, as the data does that hangs on
them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from .. import PACKAGE, step
from ..data.volume import VolumeArgs, retained_volume
from ..place import Place
from ..stack_state import StackState
from ..step import Step
from .kept_secrets_step import FILE

_ROLE = "kept-secrets"


class Host(Protocol):
    """What is asked of the Docker host."""

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """A volume's labels; None if there is no such volume."""
        ...

    def read_file(self, volume: str, file: str) -> bytes | None:
        """A file in a volume; None if it isn't there."""
        ...


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept somewhere.

    Attributes:
        values: the secrets, by their config keys; `repr` shows none of them.
        problem: why they can't be read; "" if they could be, or are not there.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""


def kept_in_state(state: StackState, deployment: str) -> dict[str, str]:
    """What a stack's state has of a deployment's generated secrets."""
    return _parsed(state[_step(deployment)].secret("stdin")) or {}


def kept_on_host(host: Host, deployment: str) -> Kept:
    """What the host has of them."""
    volume = Place(deployment).kept_secrets
    if host.volume_labels(volume) is None:
        return Kept()
    content = host.read_file(volume, FILE)
    if content is None:
        return Kept(problem=f"there is a volume for them, {volume}, but no {FILE} is in it")
    values = _parsed(content.decode(errors="replace"))
    if values is None:
        return Kept(problem=f"there is a volume for them, {volume}, but its {FILE} can't be read")
    return Kept(values=values)


def writings(state: StackState, host: Host, deployment: str) -> int:
    """How often they had to be written because their volume was not there, this time included."""
    gone = host.volume_labels(Place(deployment).kept_secrets) is None
    known = state[_step(deployment)]
    return state.times(_step(deployment), "times", again=bool(known) and gone)


def _step(deployment: str) -> str:
    return f"{Place(deployment).kept_secrets}-file"


def _parsed(text: str) -> dict[str, str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class KeptSecretsArgs(VolumeArgs):
    """Which secrets are kept, and for whom."""

    values: Mapping[str, str]
    """Config key to value; marked as secret from here on."""
    image: pulumi.Input[str]
    """An image with `tar`, to write the volume with."""
    times: int
    """How often the volume was not there any more."""


class KeptSecrets(pulumi.ComponentResource):
    """The generated secrets, kept before anything is made that depends on them.

    What is written is what the state keeps, so there is no secret in use that could be lost by an
    update that is cut off: one that is in neither has not reached anything.
    """

    written: pulumi.Resource
    """Says that they are kept: whatever uses them waits for it."""

    def __init__(
        self, name: str, args: KeptSecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:KeptSecrets", name, None, opts)
        volume = retained_volume(self, name, args, role=_ROLE, opts=opts)
        self.written = Step(
            f"{name}-{_ROLE}-file",
            f"{__package__}.kept_secrets_step",
            parent=self,
            triggers={"times": args["times"]},
            environment={"VOLUME": volume, "IMAGE": args["image"]},
            stdin=pulumi.Output.secret(json.dumps(args["values"], sort_keys=True)),
            # Further secrets are written beside those that are there.
            update=None,
            is_shown=False,
            depends_on=step.after(opts),
        )
        self.register_outputs({"volume": volume})
