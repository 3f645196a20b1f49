"""The volumes for files that the application writes: media, and copies of static files."""

import pulumi
import pulumi_docker as docker

from .. import PACKAGE, step
from ..inside import ASSETS, MEDIA, STATIC
from ..place import Place, as_args
from .mounts import Mount
from .volume import VolumeArgs, retained_volume


class FilesArgs(VolumeArgs):
    """Which volumes there are."""

    existing_media: str | None
    """A volume, or an absolute folder, that holds media already; None creates a volume."""
    static_of: str | None
    """The release that collects static files outside its build; None if it doesn't."""


class Files(pulumi.ComponentResource):
    """Media outlive the stack; static files belong to one release and go with it.

    A volume over STATIC_ROOT that outlived releases would hide the next one's files. This one is
    made anew for each release and starts out filled from its image. Another volume, not over
    STATIC_ROOT, has copies of the last releases' hashed files, for pages that those served; it goes
    with the stack, since each release puts its own there.
    """

    mounts: list[Mount]
    """What holds them, as the application's containers see it."""
    assets: Mount
    """The last releases' hashed files, as the backend sees them."""

    def __init__(
        self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Files", name, None, opts)
        existing = args["existing_media"]
        media = Mount.of(existing, MEDIA) if existing else self._media(name, args, opts)
        static = self._static(name, args)
        self.mounts = [media, *([static] if static else [])]
        self.assets = self._assets(name, args, opts)
        self.register_outputs({"media": media.source, "assets": self.assets.source})

    def _media(self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None) -> Mount:
        volume = retained_volume(self, name, args, role="media", opts=opts)
        return Mount(source=volume, target=MEDIA)

    def _assets(self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None) -> Mount:
        volume = docker.Volume(
            f"{name}-assets",
            name=Place(args["deployment"]).name("assets"),
            labels=as_args(Place(args["deployment"]).labels("assets", stack=args["stack"])),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=step.after(opts),
                ignore_changes=["labels", "driver", "driverOpts"],
            ),
        )
        return Mount(source=volume.name, target=ASSETS)

    def _static(self, name: str, args: FilesArgs) -> Mount | None:
        release = args["static_of"]
        if release is None:
            return None
        # The name is generated. Named after the release, the volume of one that is deployed again
        # would be the one that is still to be deleted since a later release took its place.
        volume = docker.Volume(
            f"{name}-static",
            labels=as_args(Place(args["deployment"]).labels("static", release=release)),
            # Deleted first, it would take along the backend that serves from it.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )
        return Mount(source=volume.name, target=STATIC)
