"""The edge's image: HAProxy from Debian's packages, or one that the registry serves."""

from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from ..place import Place
from .release import RUNTIME_FOLDER, prepare_context

FOLDER: Path = RUNTIME_FOLDER / "edge"


class EdgeImageArgs(TypedDict):
    """What the edge's image is built from."""

    deployment: str
    """The deployment that the edge belongs to."""
    base_image: str
    """A Debian image to install HAProxy on."""


class EdgeImage(pulumi.ComponentResource):
    """Built once; a new release of the application leaves it alone."""

    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: EdgeImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:EdgeImage", name, None, opts)
        deployment, base = args["deployment"], args["base_image"]
        context, tag = prepare_context(FOLDER, deployment=deployment, name="edge", base_image=base)
        image = docker.RemoteImage(
            f"{name}-edge-image",
            name=f"{deployment}-edge:{tag}",
            keep_locally=True,
            build={
                "context": context,
                "dockerfile": "Dockerfile",
                "builder": "default",
                "build_args": {"BASE_IMAGE": base},
                "label": Place(deployment).labels("edge-image"),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.image_id = image.image_id
        self.register_outputs({"image_id": self.image_id})
