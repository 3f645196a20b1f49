"""What the keys about the database may say together, engine by engine.

Each function yields what `Settings` raises: the key to change, what is wrong, and what to do.
"""

from collections.abc import Iterator

from ..data.database import ENGINES
from ..data.postgres_roles import SUPERUSER
from .keys import DATABASE_URL, AllKeys
from .messages import conflict


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with keys that the chosen engine has no use for, or can't do without."""
    yield from _url(given)
    yield from _extensions(given)
    if ENGINES[given.database].marker and given.data == "create":
        yield from _names(given)
    if given.data_volume and not ENGINES[given.database].volume:
        yield conflict(
            "dataVolume",
            f"names a volume, but database is {given.database}: no volume holds that data",
            "`pulumi config rm dataVolume -s STACK`, or choose the engine whose data is in it",
        )


def new_data(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with volumes that exist already, where the data is created."""
    volumes = {"dataVolume": given.data_volume, "mediaVolume": given.media_volume}
    for key, volume in volumes.items():
        if given.data == "create" and volume:
            yield conflict(
                key,
                "names a volume that exists already, but data is create",
                f"`pulumi config set data existing -s STACK`, or `pulumi config rm {key} -s STACK`",
            )


def _url(given: AllKeys) -> Iterator[ValueError]:
    wanted = ENGINES[given.database].secret == DATABASE_URL
    if wanted and given.database_url is None:
        yield conflict(
            DATABASE_URL,
            f"is missing, but database is {given.database}",
            f"`pulumi config set --secret {DATABASE_URL} -s STACK` asks for it",
        )
    if given.database_url is not None and not wanted:
        yield conflict(
            DATABASE_URL,
            f"is set, but database is {given.database}",
            "if the site's data is there, move it first (docs/databases.md); then remove it "
            f"with `pulumi config rm {DATABASE_URL} -s STACK`",
        )


def _extensions(given: AllKeys) -> Iterator[ValueError]:
    if given.database_extensions and not ENGINES[given.database].marker:
        yield conflict(
            "databaseExtensions",
            f"names extensions, but database is {given.database}: no server of the deployment's "
            "own has a superuser to make them",
            "remove it with `pulumi config rm databaseExtensions -s STACK`; in a PostgreSQL "
            "elsewhere its owner makes them (CREATE EXTENSION)",
        )


def _names(given: AllKeys) -> Iterator[ValueError]:
    taken = {"databaseUser": given.database_user, "databaseName": given.database_name}
    for key, name in taken.items():
        if name in (SUPERUSER, "template0", "template1") or name.startswith("pg_"):
            yield conflict(
                key,
                f"is {name}, which is the server's own: the application's user is not its "
                "superuser, and owns a database that is the site's alone",
                f"choose another name, or remove it with `pulumi config rm {key} -s STACK`",
            )
