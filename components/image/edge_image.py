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


class OnEdgeImageArgs(EdgeImageArgs):
    """What an image with more in it than the edge's is built from."""

    edge: EdgeImage
    """The edge's image, which it is built on."""


class TlsImage(pulumi.ComponentResource):
    """The edge's image, and in it what an edge that ends TLS has on top.

    The edge's own image is one for all: a change of it replaces the edge of every site.
    """

    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: OnEdgeImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:TlsImage", name, None, opts)
        self.image_id = _on_edge(name, "tls", args, parent=self)
        self.register_outputs({"image_id": self.image_id})


class SharedImage(pulumi.ComponentResource):
    """The edge's image, and in it what an edge has on top that sites on one host share."""

    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: OnEdgeImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:SharedImage", name, None, opts)
        self.image_id = _on_edge(name, "shared", args, parent=self)
        self.register_outputs({"image_id": self.image_id})


def _on_edge(
    name: str, kind: str, args: OnEdgeImageArgs, *, parent: pulumi.Resource
) -> pulumi.Output[str]:
    deployment = args["deployment"]
    edge = image_name("edge", deployment=deployment, base_image=args["base_image"])
    image = program_image(
        name, kind, deployment=deployment, base_image=edge, parent=parent, after=[args["edge"]]
    )
    return image.image_id
