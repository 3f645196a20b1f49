"""The image: built once for a release, with static files collected as a strict build step."""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from components import PACKAGE
from components.labels import labels
from components.release import Release


class ImageArgs(TypedDict):
    """What an image is built from."""

    deployment: str
    """The deployment that the image belongs to."""
    release: Release
    """The staged build context, its arguments and its content tag."""
    secrets: dict[str, str]
    """Build secrets: name to file, relative to the program. Never part of a layer."""


class Image(pulumi.ComponentResource):
    """Builds the release's image with the daemon's own BuildKit.

    The tag is the hash of all that goes into the image, so it is rebuilt when something in it
    changed and never otherwise. Earlier releases stay on the host.
    """

    reference: pulumi.Output[str]
    """The image's name with its content tag, known once it is built."""
    image_id: pulumi.Output[str]
    """The image's id, ``sha256:…``."""

    def __init__(
        self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Image", name, None, opts)
        release = args["release"]
        app = self._build_app(name, args) if release.app_image else None
        image = docker.RemoteImage(
            f"{name}-release",
            name=release.image,
            keep_locally=True,
            build=self._build(args, context=release.context, target="release"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[app] if app else []),
        )
        self.reference = image.name
        self.image_id = image.image_id
        self.register_outputs({"reference": self.reference, "image_id": self.image_id})

    def _build_app(self, name: str, args: ImageArgs) -> docker.RemoteImage:
        release = args["release"]
        return docker.RemoteImage(
            f"{name}-app",
            name=release.app_image,
            keep_locally=True,
            build={
                "context": f"{release.context}/app",
                "dockerfile": release.dockerfile,
                "builder": "default",
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _build(
        self, args: ImageArgs, *, context: str, target: str
    ) -> docker.RemoteImageBuildArgsDict:
        release = args["release"]
        return {
            "context": context,
            "dockerfile": "Dockerfile",
            "target": target,
            "builder": "default",
            "build_args": release.build_args,
            "label": labels(args["deployment"], "release", release=release.tag),
            "secrets": [{"id": id_, "src": src} for id_, src in sorted(args["secrets"].items())],
        }
