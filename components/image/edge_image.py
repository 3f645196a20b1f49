"""The edge's image: HAProxy from Debian's packages, or one that the registry serves."""

from typing import TypedDict

import pulumi

from .. import PACKAGE
from .program_image import image_name, program_image


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
        image = program_image(
            name,
            "edge",
            deployment=args["deployment"],
            base_image=args["base_image"],
            parent=self,
        )
        self.image_id = image.image_id
        self.register_outputs({"image_id": self.image_id})


class TlsImageArgs(EdgeImageArgs):
    """What the image of an edge that ends TLS is built from."""

    edge: EdgeImage
    """The edge's image, which it is built on."""


class TlsImage(pulumi.ComponentResource):
    """The edge's image, and in it what an edge that ends TLS has on top.

    The edge's own image is one for all: a change of it replaces the edge of every site.
    """

    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: TlsImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:TlsImage", name, None, opts)
        deployment = args["deployment"]
        edge = image_name("edge", deployment=deployment, base_image=args["base_image"])
        image = program_image(
            name, "tls", deployment=deployment, base_image=edge, parent=self, after=[args["edge"]]
        )
        self.image_id = image.image_id
        self.register_outputs({"image_id": self.image_id})
