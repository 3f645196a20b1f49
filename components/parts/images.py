"""The images: of the release, and of the edge, which also does small things to volumes.

The release's may come from a registry, or go to one.
"""

from dataclasses import dataclass

import pulumi

from ..image.build_secrets import stage_build_secrets
from ..image.edge_image import EdgeImage, TlsImage
from ..image.release_image import Image
from ..registry.push import Push
from .preparation import Preparation
from .transfer import pull_release, push_release


@dataclass(frozen=True)
class Images:
    """What containers are made from.

    Attributes:
        release: the release's image; static files are collected in it, once.
        pushed: its way to a registry; None where it goes to none.
        edge: the edge's image.
        serving_edge: that of the edge which serves: the same, unless that ends TLS.
    """

    release: Image
    pushed: Push | None
    edge: EdgeImage
    serving_edge: EdgeImage | TlsImage

    @property
    def ready(self) -> list[pulumi.Resource]:
        """What the release waits for before anything runs in it."""
        return [self.release, *([self.pushed.done] if self.pushed else [])]


def waiting(opts: pulumi.ResourceOptions, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options for what waits for these, too."""
    more = pulumi.ResourceOptions(depends_on=list(resources))
    return pulumi.ResourceOptions.merge(opts, more)


def build_images(given: Preparation, opts: pulumi.ResourceOptions) -> Images:
    """Build them, unless they are there."""
    deployment = given.settings.deployment
    pulled = pull_release(given, opts)
    release = Image(
        deployment,
        {
            "deployment": deployment,
            "release": given.release,
            "recorded": given.recorded_images,
            "secrets": stage_build_secrets(deployment, of_stack=given.build_secrets),
        },
        waiting(opts, pulled.done) if pulled else opts,
    )
    pushed = push_release(given, waiting(opts, release))
    edge = EdgeImage(deployment, {"deployment": deployment, "base_image": given.debian}, opts)
    serving_edge: EdgeImage | TlsImage = edge
    if given.settings.ends_tls:
        serving_edge = TlsImage(
            deployment, {"deployment": deployment, "base_image": given.debian, "edge": edge}, opts
        )
    return Images(release, pushed, edge, serving_edge)
