"""The database: where the site's data lives. SQLite in a volume that outlives everything else."""

from typing import TypedDict

import pulumi

from components import PACKAGE
from components.mounts import Mount
from components.volume import retained_volume

FOLDER = "/srv/data"


class DatabaseArgs(TypedDict):
    """Which data the deployment lives on."""

    deployment: str
    """The deployment that the data belongs to."""
    stack: str
    """The stack that owns the data, for the mark on it."""
    existing: str | None
    """A volume, or an absolute folder, that holds the data and is only referenced; None creates."""
    file: str
    """The database's file inside the volume."""


class Database(pulumi.ComponentResource):
    """SQLite on a named volume.

    The volume is retained when the stack is destroyed, so that up finds it again; one that
    existed before is referenced by name and never owned, relabelled or deleted.
    """

    url: str
    """The value of DATABASE_URL; it holds no secret."""
    mount: Mount
    """What holds the data, as the application's containers see it."""
    identity: str
    """What tells this database from another: a job that ran on one has to run on the other."""

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Database", name, None, opts)
        existing = args["existing"]
        source = existing or f"{args['deployment']}-data"
        self.url = f"sqlite:///{FOLDER}/{args['file']}"
        self.identity = f"sqlite:{source}/{args['file']}"
        self.mount = Mount.of(existing, FOLDER) if existing else self._create(name, args, opts)
        self.register_outputs({"source": self.mount.source})

    def _create(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None) -> Mount:
        volume = retained_volume(
            self,
            name,
            volume=f"{args['deployment']}-data",
            deployment=args["deployment"],
            stack=args["stack"],
            role="data",
            opts=opts,
        )
        return Mount(source=volume, target=FOLDER)
