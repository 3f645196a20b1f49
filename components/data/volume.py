"""Volumes that outlive the stack: data and media."""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import step
from ..place import Place, as_args


class VolumeArgs(TypedDict):
    """Whose a volume is."""

    deployment: str
    """The deployment that it belongs to."""
    stack: str
    """The stack that owns it, for the mark on it."""


def retained_volume(
    parent: pulumi.Resource,
    name: str,
    args: VolumeArgs,
    *,
    role: str,
    opts: pulumi.ResourceOptions | None,
) -> pulumi.Output[str]:
    """A volume that destroy forgets but never deletes, marked with its deployment and owner.

    Args:
        parent: the component that the volume belongs to.
        name: the component's name, the prefix of the resource's.
        args: whose it is.
        role: what it holds, such as ``data``; it is named after that.
        opts: the component's options, for what it depends on.

    Returns:
        The volume's name on the host.
    """
    place = Place(args["deployment"])
    resource = docker.Volume(
        f"{name}-{role}",
        name=place.name(role),
        labels=as_args(place.labels(role, stack=args["stack"])),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=step.after(opts),
            retain_on_delete=True,
            # The marks of a volume that was found again stay as they are: a change would replace
            # it, which means a new empty one.
            ignore_changes=["labels", "driver", "driverOpts"],
        ),
    )
    return resource.name
