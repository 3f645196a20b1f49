"""An image of this program's own, built from a folder beside what runs inside containers."""

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from ..place import Place
from .build_context import RUNTIME_FOLDER, prepare_context


def program_image(
    name: str,
    kind: str,
    *,
    deployment: str,
    base_image: str,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> docker.RemoteImage:
    """Build an image once; it is made anew when its folder or what it is built on changed.

    Args:
        name: the component's name, the prefix of the resource's.
        kind: what it is, and the name of its folder, such as ``edge``.
        deployment: the deployment that it belongs to.
        base_image: a Debian image to install on.
        parent: the component that it belongs to.
        after: what has to be there first, such as what it is built on.
    """
    context, image = _staged(kind, deployment, base_image)
    return docker.RemoteImage(
        f"{name}-{kind}-image",
        name=image,
        keep_locally=True,
        build={
            "context": context,
            "dockerfile": "Dockerfile",
            "builder": "default",
            "build_args": {"BASE_IMAGE": base_image},
            "label": Place(deployment).labels(f"{kind}-image"),
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )


def image_name(kind: str, *, deployment: str, base_image: str) -> str:
    """The name that such an image has, for another one that is built on it."""
    return _staged(kind, deployment, base_image)[1]


def _staged(kind: str, deployment: str, base_image: str) -> tuple[str, str]:
    context, tag = prepare_context(
        RUNTIME_FOLDER / kind, deployment=deployment, name=kind, base_image=base_image
    )
    return context, f"{deployment}-{kind}:{tag}"
