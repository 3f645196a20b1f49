"""The volumes for files that the application writes: media, and static files collected again."""

from typing import TypedDict

import pulumi
import pulumi_docker as docker

from components import PACKAGE
from components.labels import as_args, labels
from components.volume import retained_volume


class FilesArgs(TypedDict):
    """Which volumes there are."""

    deployment: str
    """The deployment that the files belong to."""
    stack: str
    """The stack that owns them, for the mark on them."""
    existing_media: str | None
    """A volume that holds media already and is only referenced; None creates one."""
    static_of: str | None
    """The release that collects static files outside its build; None if it doesn't."""


class Files(pulumi.ComponentResource):
    """Media outlive the stack; static files belong to one release and go with it.

    A volume over STATIC_ROOT that outlived releases would hide the next one's files. This one is
    named after its release and starts out filled from its image.
    """

    media: pulumi.Output[str]
    """The volume for uploaded files."""
    static: pulumi.Output[str] | None
    """The release's volume for static files; None if they are served from the image."""

    def __init__(
        self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Files", name, None, opts)
        deployment, existing = args["deployment"], args["existing_media"]
        self.media = (
            pulumi.Output.from_input(existing)
            if existing
            else retained_volume(
                self,
                name,
                volume=f"{deployment}-media",
                deployment=deployment,
                stack=args["stack"],
                role="media",
            )
        )
        self.static = self._static(name, deployment, args["static_of"])
        self.register_outputs({"media": self.media})

    def _static(self, name: str, deployment: str, release: str | None) -> pulumi.Output[str] | None:
        if release is None:
            return None
        volume = docker.Volume(
            f"{name}-static",
            name=f"{deployment}-static-{release}",
            labels=as_args(labels(deployment, "static", release=release)),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        return volume.name
