"""What the keys about the database may say together, engine by engine.

Each function yields what `Settings` raises: the key to change, what is wrong, and what to do.
"""

import json
from collections.abc import Iterator, Mapping

from ..data import database_tls
from ..data.database import ENGINES
from ..data.database_url import family, identity
from ..data.postgres_roles import SUPERUSER
from .keys import DATABASE_DIRECT_URL, DATABASE_URL, AllKeys
from .messages import conflict


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with keys that the chosen engine has no use for, or can't do without."""
    yield from _url(given)
    yield from _direct_url(given)
    yield from _ca(given)
    yield from _extensions(given)
    yield from _settings(given)
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


def warnings(given: AllKeys, told: Mapping[str, str]) -> Iterator[str]:
    """What is said of servers elsewhere whose certificates nobody looked at until now.

    Args:
        given: the keys.
        told: the secrets that the application was told until now, by variable.
    """
    urls = {"DATABASE_URL": (DATABASE_URL, given.database.url)}
    for number, (alias, further) in enumerate(sorted(given.databases.items()), 1):
        urls[f"DEPLOY_DATABASE_URL_{number}"] = (f"databases[{json.dumps(alias)}]", further)
    for variable, (key, url) in urls.items():
        now = url.get_secret_value() if url else ""
        if database_tls.newly_verified(told.get(variable, ""), now):
            yield (
                f"{key} names no sslmode: from now on the server's certificate is verified in full "
                "before the password is sent, which until now it was not. Where it can't be, this "
                "update ends before anything is changed, and what serves goes on; how to say that "
                'it is not to be: docs/databases.md, "A server elsewhere"'
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


def _direct_url(given: AllKeys) -> Iterator[ValueError]:
    if given.database.direct_url is None:
        return
    remove = f"`pulumi config rm --path {DATABASE_DIRECT_URL} -s STACK`"
    if ENGINES[given.database.engine].secret != DATABASE_URL:
        yield conflict(
            DATABASE_DIRECT_URL,
            f"is set, but database.engine is {given.database.engine}: there is no pooler",
            remove,
        )
        return
    both = (given.database.url, given.database.direct_url)
    urls = [url.get_secret_value() for url in both if url]
    if any(family(url) != "postgres" for url in urls):
        yield conflict(
            DATABASE_DIRECT_URL,
            "is set, but not both it and database.url name a PostgreSQL",
            f"{remove}, or name the same server in both",
        )
    elif len({identity(url) for url in urls}) < len(urls):
        yield conflict(
            DATABASE_DIRECT_URL,
            "is set, and names what database.url does: the server itself is another host or port",
            remove,
        )


def _ca(given: AllKeys) -> Iterator[ValueError]:
    urls = [given.database.url, given.database.direct_url, *given.databases.values()]
    told = [url.get_secret_value() for url in urls if url]
    if given.database.ca and not any(database_tls.takes_ca(url) for url in told):
        yield conflict(
            "database.ca",
            "is set, but no URL asks for it: it is for PostgreSQL servers elsewhere whose URL "
            "names neither an sslrootcert nor an sslmode that verifies nothing",
            "`pulumi config rm --path database.ca -s STACK`, or take these out of the URL",
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


def _settings(given: AllKeys) -> Iterator[ValueError]:
    if given.database.settings and not ENGINES[given.database.engine].marker:
        yield conflict(
            "database.settings",
            f"has settings of a server, but database.engine is {given.database.engine}: there is "
            "none of the deployment's own",
            "remove it with `pulumi config rm --path database.settings -s STACK`; a PostgreSQL "
            "elsewhere has its own (ALTER SYSTEM, or the provider's page)",
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
