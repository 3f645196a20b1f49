"""PostgreSQL's image: built from Debian's packages, or one that a registry serves."""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from .program_image import program_image


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
        image = self._pull(name, args["image"]) if args["image"] else self._build(name, args)
        self.image_id = image.image_id
        self.register_outputs({"image_id": self.image_id})

    def _pull(self, name: str, image: str) -> docker.RemoteImage:
        return docker.RemoteImage(
            f"{name}-postgres-image",
            name=image,
            keep_locally=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _build(self, name: str, args: PostgresImageArgs) -> docker.RemoteImage:
        return program_image(
            name,
            "postgres",
            deployment=args["deployment"],
            base_image=args["base_image"],
            parent=self,
        )
