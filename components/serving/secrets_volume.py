"""The secrets as the containers see them: one file each, in a volume that only they mount."""

import json
from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from ..place import Place, as_args
from ..stack_state import StackState
from ..step import SAY_AGAIN, Step, after


def told(state: StackState, deployment: str) -> dict[str, str]:
    """The application's secrets as a stack's state has them, by variable; none where there is none.

    Args:
        state: the stack's state.
        deployment: the deployment's name.
    """
    text = state[_step(deployment)].secret("stdin")
    return dict(json.loads(text)) if text else {}


def _step(name: str) -> str:
    return f"{name}-secrets-files"


class SecretsArgs(TypedDict):
    """Which secrets the containers get."""

    deployment: str
    """The deployment that the secrets belong to."""
    values: Mapping[str, str]
    """Variable name to value, or a path below ``files/``; marked as secret from here on."""
    fingerprint: str | None
    """Changes with the values, and tells nothing of them; None keeps one volume for life."""
    image: pulumi.Input[str]
    """An image with `tar`, to write the volume with."""


class Secrets(pulumi.ComponentResource):
    """A volume with one file for each secret, named as the variable that it becomes.

    Secrets are handed over as files because `docker inspect` shows an environment in plain text.

    With a fingerprint, other values get a volume of their own, beside the one before, which goes
    after all that mount it. So what serves finds its own secrets at its next start, also when the
    update that brought others has failed. Without one, a change is written where the files are:
    for a server, which reads its password once and is not to be replaced for another.
    """

    volume: pulumi.Output[str]
    """The volume's name, known once the files are written."""

    def __init__(
        self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Secrets", name, None, opts)
        volume = self._volume(name, args, opts)
        written = self._files(name, args, volume)
        self.volume = pulumi.Output.all(volume.name, written.id).apply(lambda both: str(both[0]))
        self.register_outputs({"volume": self.volume})

    def _volume(
        self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None
    ) -> docker.Volume:
        fingerprint = args["fingerprint"]
        marks = {} if fingerprint is None else {"secrets": fingerprint}
        # The name is generated: a volume that was lost gets another, and so is written again, and
        # going back to earlier values finds no volume that is about to be deleted.
        return docker.Volume(
            f"{name}-secrets",
            labels=as_args(Place(args["deployment"]).labels("secrets", **marks)),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=after(opts),
                delete_before_replace=False,
                # What is marked for life is not replaced by a version that marks it otherwise.
                ignore_changes=["labels"] if fingerprint is None else None,
            ),
        )

    def _files(self, name: str, args: SecretsArgs, volume: docker.Volume) -> Step:
        return Step(
            _step(name),
            f"{__package__}.secrets_volume_step",
            parent=self,
            triggers={"volume": volume.name},
            environment={"VOLUME": volume.name, "IMAGE": args["image"]},
            stdin=pulumi.Output.secret(json.dumps(args["values"], sort_keys=True)),
            # Nothing writes again what a fingerprint stands for, into a volume that is in use.
            update=None if args["fingerprint"] is None else SAY_AGAIN,
            is_shown=False,
        )
