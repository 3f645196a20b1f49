"""Ownership: files that others wrote are put right for the application."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step


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
        self.done = command.local.Command(
            f"{name}-ownership",
            create=step.command(f"{__package__}.ownership_step"),
            # Another image does the same: only other volumes are a reason to look again.
            update=step.SAY_AGAIN,
            environment={"SOURCES": json.dumps(list(args["sources"])), "IMAGE": args["image"]},
            triggers=[
                list(args["sources"]),
                *([list(args["retire"])] if args["retire"] else []),
                *([args["times"]] if args["times"] else []),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.register_outputs({})
