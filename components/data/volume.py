"""Volumes that outlive the stack: data and media."""

import pulumi
import pulumi_docker as docker

from ..place import Place, as_args


def retained_volume(
    parent: pulumi.Resource,
    name: str,
    *,
    volume: str,
    deployment: str,
    stack: str,
    role: str,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.Output[str]:
    """A volume that destroy forgets but never deletes, marked with its deployment and owner.

    Args:
        parent: the component that the volume belongs to.
        name: the component's name, the prefix of the resource's.
        volume: the volume's name on the host.
        deployment: the deployment that it is marked with.
        stack: the stack that it is marked with.
        role: what it holds, such as ``data``.
        opts: the component's options, for what it depends on.
    """
    resource = docker.Volume(
        f"{name}-{role}",
        name=volume,
        labels=as_args(Place(deployment).labels(role, stack=stack)),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=opts.depends_on if opts else None,
            retain_on_delete=True,
            # The marks of a volume that was found again stay as they are: a change would replace
            # it, which means a new empty one.
            ignore_changes=["labels", "driver", "driverOpts"],
        ),
    )
    return resource.name
