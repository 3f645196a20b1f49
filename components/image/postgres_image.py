"""PostgreSQL's image: built from Debian's packages, or one that a registry serves."""

from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from ..place import Place
from .release import RUNTIME_FOLDER, prepare_context

FOLDER: Path = RUNTIME_FOLDER / "postgres"


class PostgresImageArgs(TypedDict):
    """Where the image comes from."""

    deployment: str
    """The deployment that the server belongs to."""
    image: str
    """An image to use as it is, such as ``postgres:17``; "" builds one."""
    base_image: str
    """A Debian image to install PostgreSQL on."""


class PostgresImage(pulumi.ComponentResource):
    """Built or pulled once; a new release of the application leaves it alone.

    Both kinds follow the conventions of the registry's official images, so that what is built here
    can be exchanged for one of those, and back, over the same data.
    """

    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: PostgresImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:PostgresImage", name, None, opts)
        resource = f"{name}-postgres-image"
        child = pulumi.ResourceOptions(parent=self)
        if args["image"]:
            image = docker.RemoteImage(resource, name=args["image"], keep_locally=True, opts=child)
        else:
            image = self._build(resource, args, child)
        self.image_id = image.image_id
        self.register_outputs({"image_id": self.image_id})

    def _build(
        self, resource: str, args: PostgresImageArgs, opts: pulumi.ResourceOptions
    ) -> docker.RemoteImage:
        deployment, base = args["deployment"], args["base_image"]
        context, tag = prepare_context(
            FOLDER, deployment=deployment, name="postgres", base_image=base
        )
        return docker.RemoteImage(
            resource,
            name=f"{deployment}-postgres:{tag}",
            keep_locally=True,
            build={
                "context": context,
                "dockerfile": "Dockerfile",
                "builder": "default",
                "build_args": {"BASE_IMAGE": base},
                "label": Place(deployment).labels("postgres-image"),
            },
            opts=opts,
        )
