"""A release's image: built once, with static files collected as a strict build step."""

from collections.abc import Collection
from typing import TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE, step
from ..errors import for_stack
from ..place import Place
from .build_context import Release
from .build_error import build_error


class ImageArgs(TypedDict):
    """What an image is built from."""

    deployment: str
    """The deployment that the image belongs to."""
    release: Release
    """The staged build context, its arguments and its content tag."""
    recorded: Collection[str]
    """The names of the images that the stack's state has."""
    secrets: dict[str, str]
    """Build secrets: name to file, relative to the program. Never part of a layer."""


class Image(pulumi.ComponentResource):
    """Builds the release's image with the daemon's own BuildKit.

    The tag is the hash of all that goes into the image, so it is rebuilt when something in it
    changed and never otherwise. Earlier releases stay on the host, and one that is there is taken
    as it is, whether the project came back to it or it is asked for by its tag.
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
        self._after = [*(step.after(opts) or [])]
        self._log_hook = pulumi.ErrorHook(f"{name}-build-log", self._show_log)
        app = self._build_app(name, args) if _has_app(args) else None
        self._mention_collecting(release)
        image = docker.RemoteImage(
            f"{name}-release",
            name=release.image,
            keep_locally=True,
            build=None if release.kept else self._build(args),
            opts=self._options(release.image, args, depends_on=[app] if app else []),
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
            build=None
            if release.kept
            else {
                "context": f"{release.context}/app",
                "dockerfile": release.dockerfile,
                "builder": "default",
                "build_log_file": _log_file(release),
                "label": Place(args["deployment"]).labels("app", release=release.tag),
                # For the Dockerfile to use, if it mounts them; build secrets change no image.
                "secrets": _secrets(args),
            },
            opts=self._options(release.app_image, args, depends_on=[]),
        )

    def _build(self, args: ImageArgs) -> docker.RemoteImageBuildArgsDict:
        release = args["release"]
        return {
            "context": release.context,
            "dockerfile": "Dockerfile",
            "target": "release",
            "builder": "default",
            "build_log_file": _log_file(release),
            "build_args": release.build_args,
            "label": Place(args["deployment"]).labels("release", release=release.tag),
            "secrets": _secrets(args),
        }

    def _mention_collecting(self, release: Release) -> None:
        if release.collects_in_line:
            pulumi.log.warn(
                f"{release.dockerfile}, line {release.collects_in_line} collects static files "
                "itself: they are collected once more by the strict step that follows, whose "
                "files are served. Without the line the build is faster",
                self,
            )

    def _options(
        self, image: str, args: ImageArgs, *, depends_on: list[docker.RemoteImage]
    ) -> pulumi.ResourceOptions:
        # How an image was made that is there doesn't matter any more: one in the state keeps what
        # that says of it. Another one takes nothing from the state, which is about its predecessor.
        as_it_is = args["release"].kept and image in args["recorded"]
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*self._after, *depends_on],
            ignore_changes=["build"] if as_it_is else None,
            hooks=pulumi.ResourceHookBinding(on_error=[self._log_hook]),
        )

    def _show_log(self, args: pulumi.ErrorHookArgs) -> bool:
        error = build_error(args.new_inputs or {})
        if error:
            pulumi.log.error(for_stack(error), self)
        return False


def _has_app(args: ImageArgs) -> bool:
    # Needed to build the release from. Beside a release that is there it only stays in the state.
    release = args["release"]
    needed = not release.kept or release.app_image in args["recorded"]
    return bool(release.app_image) and needed


def _secrets(args: ImageArgs) -> list[docker.RemoteImageBuildSecretArgsDict]:
    return [{"id": id_, "src": src} for id_, src in sorted(args["secrets"].items())]


def _log_file(release: Release) -> str:
    return f"{release.context}.log"
