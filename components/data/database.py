"""The database: where the site's data lives, whatever the engine.

`ENGINES` is the one table of what differs from engine to engine: how each is reached, what holds
its data, and how it is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi

from .. import PACKAGE, step
from ..image.postgres_image import PostgresImage
from ..inside import DATA
from ..place import Place
from . import database_address
from .database_address import Address, Choices
from .database_claim import DatabaseClaim
from .login_turns import Login
from .mounts import Mount
from .postgres import Postgres, PostgresArgs
from .volume import retained_volume

Options = pulumi.ResourceOptions | None


class DatabaseArgs(PostgresArgs):
    """Which data the deployment lives on; what a server of its own is made from, if it has one."""

    engine: str
    """One of `ENGINES`."""
    family: str
    """The kind of driver that a server elsewhere needs."""
    backups: bool
    """Copies of the database are made, for which a server's own tools may be needed."""


class Database(pulumi.ComponentResource):
    """What holds the data, if it is on this host: it outlives releases, and the stack itself.

    Volumes are retained when the stack is destroyed, so that up finds them again; one that existed
    before is referenced by name and never owned, relabelled or deleted. A database elsewhere is no
    resource at all.
    """

    mounts: list[Mount]
    """What the application's containers mount for it."""
    dump_image: pulumi.Input[str]
    """An image with the server's tools that copy and restore; "" where none are needed or known."""

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Database", name, None, opts)
        self.dump_image = ""
        self.mounts = ENGINES[args["engine"]].make(self, name, args, opts)
        self.register_outputs({})


def _make_file(parent: Database, name: str, args: DatabaseArgs, opts: Options) -> list[Mount]:
    if args["existing"]:
        return [Mount.of(args["existing"], DATA)]
    volume = retained_volume(parent, name, args, role="data", opts=opts)
    return [Mount(source=volume, target=DATA)]


def _make_server(parent: Database, name: str, args: DatabaseArgs, opts: Options) -> list[Mount]:
    opts = pulumi.ResourceOptions(parent=parent, depends_on=step.after(opts))
    server = Postgres(name, args, opts)
    parent.dump_image = server.image_id
    return []


def _make_nothing(parent: Database, name: str, args: DatabaseArgs, _opts: Options) -> list[Mount]:
    # The server is somebody else's, but its tools have to be had to copy what is in it.
    if args["backups"] and args["family"] == "postgres":
        parent.dump_image = PostgresImage(
            name,
            {
                "deployment": args["deployment"],
                "image": args["server_image"],
                "base_image": args["base_image"],
            },
            pulumi.ResourceOptions(parent=parent),
        ).image_id
    return []


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to keep the data.

    Attributes:
        title: its name for people.
        volume: the role of the volume that holds the data, after which it is named; "" if none
            does.
        is_file: the data is a file that the application itself opens.
        marker: the file that tells a server's data directory from other volumes; "" without one.
        secret: the config key of the secret that it is reached with; "" if there is none.
        address: where the database is, from the settings, the volume and the login.
        make: creates what holds the data; returns what the application mounts.
    """

    title: str
    volume: str = ""
    is_file: bool = False
    marker: str = ""
    secret: str = ""
    address: Callable[[Choices, str, Login], Address]
    make: Callable[[Database, str, DatabaseArgs, Options], list[Mount]]


ENGINES: Mapping[str, Engine] = {
    "sqlite": Engine(
        title="SQLite",
        volume="data",
        is_file=True,
        address=database_address.of_file,
        make=_make_file,
    ),
    "postgres": Engine(
        title="PostgreSQL",
        volume="postgres",
        marker="PG_VERSION",
        secret="database.password",
        address=database_address.of_server,
        make=_make_server,
    ),
    "external": Engine(
        title="a server elsewhere",
        secret="database.url",
        address=database_address.of_elsewhere,
        make=_make_nothing,
    ),
}


def address(settings: Choices, login: Login) -> Address:
    """Where the database is.

    Args:
        settings: the stack's settings.
        login: the application's, where the server is this deployment's own.
    """
    return ENGINES[settings.database.engine].address(settings, _data_volume(settings), login)


def driver(settings: Choices) -> str:
    """The kind of driver that the project needs."""
    return address(settings, Login()).family


def data_volumes(settings: Choices) -> dict[str, str]:
    """The volume, or the folder, that holds the data, by its config key; none if none does."""
    volume = _data_volume(settings)
    return {"database.volume": volume} if volume else {}


def data_file(settings: Choices) -> str:
    """The file in that volume which is the database; "" if it is none."""
    return settings.database.file if ENGINES[settings.database.engine].is_file else ""


def claim(settings: Choices) -> DatabaseClaim:
    """What the database is about to take on the host."""
    engine, source = ENGINES[settings.database.engine], _data_volume(settings)
    others = {
        (key, other.title): _volume_name(key, settings.deployment)
        for key, other in ENGINES.items()
        if other.volume and key != settings.database.engine
    }
    return DatabaseClaim(
        engine=settings.database.engine,
        deployment=settings.deployment,
        existing=settings.data == "existing",
        source=source,
        marker=engine.marker,
        server=Place(settings.deployment).postgres if engine.marker else "",
        others={key: volume for key, volume in others.items() if volume != source},
    )


def application_files(settings: Choices) -> list[str]:
    """The volumes, or folders, whose data the application itself opens, as files."""
    return [_data_volume(settings)] if ENGINES[settings.database.engine].is_file else []


def _data_volume(settings: Choices) -> str:
    return settings.database.volume or _volume_name(settings.database.engine, settings.deployment)


def _volume_name(engine: str, deployment: str) -> str:
    suffix = ENGINES[engine].volume
    return Place(deployment).name(suffix) if suffix else ""
