"""Backups: the volume that holds copies of the database, made before migrations run."""

import pulumi

from .. import PACKAGE
from .volume import VolumeArgs, retained_volume


class BackupsArgs(VolumeArgs):
    """Whose copies are kept."""


class Backups(pulumi.ComponentResource):
    """One volume for each deployment, whatever its database is; it outlives the stack.

    The application does not mount it: what goes wrong there can't take the copies along.
    """

    volume: pulumi.Output[str]
    """The volume's name."""

    def __init__(
        self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Backups", name, None, opts)
        self.volume = retained_volume(self, name, args, role="backups", opts=opts)
        self.register_outputs({"volume": self.volume})
