"""The database: where the site's data lives. SQLite in a volume that outlives everything else."""

from typing import TypedDict

import pulumi

from components import PACKAGE
from components.volume import retained_volume

FOLDER = "/srv/data"


class DatabaseArgs(TypedDict):
    """Which data the deployment lives on."""

    deployment: str
    """The deployment that the data belongs to."""
    stack: str
    """The stack that owns the data, for the mark on it."""
    existing_volume: str | None
    """A volume that holds the data already and is only referenced; None creates one."""


class Database(pulumi.ComponentResource):
    """SQLite on a named volume.

    The volume is retained when the stack is destroyed, so that up finds it again; one that
    existed before is referenced by name and never owned, relabelled or deleted.
    """

    url: str
    """The value of DATABASE_URL; it holds no secret."""
    volume: pulumi.Output[str]
    """The name of the volume that holds the data."""
    folder: str
    """Where the volume is mounted."""
    identity: str
    """What tells this database from another: a job that ran on one has to run on the other."""

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Database", name, None, opts)
        existing = args["existing_volume"]
        volume_name = existing or f"{args['deployment']}-data"
        self.url = f"sqlite:///{FOLDER}/db.sqlite3"
        self.folder = FOLDER
        self.identity = f"sqlite:{volume_name}"
        self.volume = (
            pulumi.Output.from_input(existing)
            if existing
            else retained_volume(
                self,
                name,
                volume=volume_name,
                deployment=args["deployment"],
                stack=args["stack"],
                role="data",
                opts=opts,
            )
        )
        self.register_outputs({"volume": self.volume})
