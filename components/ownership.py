"""Ownership: files that others wrote are put right before the application starts on them."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command

from components import PACKAGE, step


class OwnershipArgs(TypedDict):
    """Which files have to belong to the application's user."""

    sources: Sequence[str]
    """Volumes by name, or folders of the host by absolute path."""
    image: pulumi.Input[str]
    """An image with `find` and `chown`."""


class Ownership(pulumi.ComponentResource):
    """Gives volumes and folders that were there before to the user that the application runs as.

    A container that ran as root leaves files that ours could not write. The original deployment
    fixed that at each deployment; here it happens once for each set of volumes.
    """

    done: pulumi.Resource
    """What the job and the backend wait for."""

    def __init__(
        self, name: str, args: OwnershipArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Ownership", name, None, opts)
        self.done = command.local.Command(
            f"{name}-ownership",
            create=step.command("own"),
            # Another image does the same: only other volumes are a reason to look again.
            update=step.SAY_AGAIN,
            environment={"SOURCES": json.dumps(list(args["sources"])), "IMAGE": args["image"]},
            triggers=[list(args["sources"])],
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.register_outputs({})
