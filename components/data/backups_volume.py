"""Backups: the volume that holds copies of the database, made before migrations run."""

from typing import TypedDict

import pulumi

from .. import PACKAGE
from ..place import Place
from .volume import retained_volume


class BackupsArgs(TypedDict):
    """Whose copies are kept."""

    deployment: str
    """The deployment that they belong to."""
    stack: str
    """The stack that owns them, for the mark on the volume."""


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
        self.volume = retained_volume(
            self,
            name,
            volume=Place(args["deployment"]).backups,
            deployment=args["deployment"],
            stack=args["stack"],
            role="backups",
            opts=opts,
        )
        self.register_outputs({"volume": self.volume})
