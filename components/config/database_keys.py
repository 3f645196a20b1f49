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
    if ENGINES[given.database.engine].marker and given.data == "create":
        yield from _names(given)
    if given.database.volume and not ENGINES[given.database.engine].volume:
        yield conflict(
            "database.volume",
            f"names a volume, but database.engine is {given.database.engine}: no volume holds "
            "that data",
            "`pulumi config rm --path database.volume -s STACK`, or choose the engine whose data "
            "is in it",
        )


def new_data(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with volumes that exist already, where the data is created."""
    volumes = {"database.volume": given.database.volume, "media.volume": given.media.volume}
    for key, volume in volumes.items():
        if given.data == "create" and volume:
            yield conflict(
                key,
                "names a volume that exists already, but data is create",
                f"`pulumi config set data existing -s STACK`, or `pulumi config rm --path {key} "
                "-s STACK`",
            )


def _url(given: AllKeys) -> Iterator[ValueError]:
    wanted = ENGINES[given.database.engine].secret == DATABASE_URL
    if wanted and given.database.url is None:
        yield conflict(
            DATABASE_URL,
            f"is missing, but database.engine is {given.database.engine}",
            f"`pulumi config set --secret --path {DATABASE_URL} -s STACK` asks for it",
        )
    if given.database.url is not None and not wanted:
        yield conflict(
            DATABASE_URL,
            f"is set, but database.engine is {given.database.engine}",
            "if the site's data is there, move it first (docs/databases.md); then remove it "
            f"with `pulumi config rm --path {DATABASE_URL} -s STACK`",
        )


def _extensions(given: AllKeys) -> Iterator[ValueError]:
    if given.database.extensions and not ENGINES[given.database.engine].marker:
        yield conflict(
            "database.extensions",
            f"names extensions, but database.engine is {given.database.engine}: no server of the "
            "deployment's "
            "own has a superuser to make them",
            "remove it with `pulumi config rm --path database.extensions -s STACK`; in a "
            "PostgreSQL "
            "elsewhere its owner makes them (CREATE EXTENSION)",
        )


def _names(given: AllKeys) -> Iterator[ValueError]:
    taken = {"database.user": given.database.user, "database.name": given.database.name}
    for key, name in taken.items():
        if name in (SUPERUSER, "template0", "template1") or name.startswith("pg_"):
            yield conflict(
                key,
                f"is {name}, which is the server's own: the application's user is not its "
                "superuser, and owns a database that is the site's alone",
                f"choose another name, or remove it with `pulumi config rm --path {key} -s STACK`",
            )
