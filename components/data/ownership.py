"""Ownership: files that others wrote are put right for the application."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi

from .. import PACKAGE, step
from ..step import Step


class OwnershipArgs(TypedDict):
    """Which files have to belong to the application's user."""

    sources: Sequence[str]
    """Volumes by name, or folders of the host by absolute path."""
    image: pulumi.Input[str]
    """An image with `find` and `chown`."""
    retire: Sequence[str]
    """The containers that are taken over from, if that is over by then: they wrote until then."""
    times: int
    """How often it had to be done once more, because they had been started again."""


class Ownership(pulumi.ComponentResource):
    """Gives volumes and folders that were there before to the user that the application runs as.

    A container that ran as root leaves files that ours could not write. The original deployment
    fixed that at each deployment; here it happens once for each set of volumes, before the
    application starts on them, and whenever what is taken over from may have written more.
    """

    done: pulumi.Resource
    """What the job and the backend wait for."""

    def __init__(
        self, name: str, args: OwnershipArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Ownership", name, None, opts)
        # Another image does the same: only other volumes are a reason to look again.
        self.done = Step(
            f"{name}-ownership",
            f"{__package__}.ownership_step",
            parent=self,
            triggers={
                "sources": list(args["sources"]),
                "retire": list(args["retire"]),
                "times": args["times"],
            },
            environment={"SOURCES": json.dumps(list(args["sources"])), "IMAGE": args["image"]},
            depends_on=step.after(opts),
        )
        self.register_outputs({})
