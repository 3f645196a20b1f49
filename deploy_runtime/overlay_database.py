"""DATABASES["default"] from DATABASE_URL, and what it lacks to serve a site.

SQLite's settings follow https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes:
readers and a writer at the same time (WAL), and transactions that wait for their turn instead of
failing half-way (IMMEDIATE with a busy timeout).

Connections to a server are kept and checked before they are used again, as
https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-connections describes: connecting
costs more than most queries, and a server that was restarted must not fail the next request.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .environment import DIRECT_URL
from .errors import DeployError
from .overlay import Overlay
from .places import DATA, SYSTEM_ROOTS

_CONNECTION = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
# What says how the project uses its database, whichever engine that is.
_USE = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "TIME_ZONE", "TEST")
_FAMILIES = {
    "sqlite": ("sqlite", "spatialite"),
    "postgres": ("postg", "psql", "cockroach", "timescale"),
    "mysql": ("mysql", "mariadb"),
}
# What the URL of a PostgreSQL says of TLS.
_TLS = ("sslmode", "sslrootcert")
POOLED = {"DISABLE_SERVER_SIDE_CURSORS": True}
"""What Django has to be told of a pooler that lends connections by the transaction."""
BUSY_TIMEOUT = 20  # seconds
KEPT = 60  # seconds that a connection to a server is kept
CONNECT_TIMEOUT = 10  # seconds; the library's own patience with a silent address is minutes


def database(overlay: Overlay) -> None:
    """The default database is the one that DATABASE_URL names; other aliases stay."""
    databases = dict(overlay.settings.get("DATABASES") or {})
    own = dict(databases.get("default") or {})
    url = overlay.environ.get("DATABASE_URL")
    if not url:
        overlay.attention("DATABASES", "the project's own: DATABASE_URL is not set")
        return
    wanted = parse(url, "DATABASE_URL")
    if points_to(own, wanted):
        overlay.keep("DATABASES", "the project reads DATABASE_URL itself")
        default = _as_securely(own, wanted)
    else:
        default = merge(own, wanted)
        databases["default"] = default
        overlay.supply(
            "DATABASES", databases, f"default from DATABASE_URL ({family(default) or 'database'})"
        )
    tuned = tune(default, overlay.version)
    if overlay.environ.get(DIRECT_URL):
        # https://docs.djangoproject.com/en/5.2/ref/databases/#transaction-pooling-server-side-cursors
        tuned = {**tuned, **POOLED}
    before = databases.get("default") or {}
    if tuned != before:
        overlay.supply(
            "DATABASES",
            {**databases, "default": tuned},
            "options for a site: " + ", ".join(sorted(_added(before, tuned))),
        )


def further(overlay: Overlay) -> None:
    """Further aliases: those that DEPLOY_DATABASES names are the deployment's, others stay."""
    databases = dict(overlay.settings.get("DATABASES") or {})
    handed_over = owned(overlay.environ)
    for number, alias in enumerate(handed_over, 1):
        url = overlay.environ.get(f"DEPLOY_DATABASE_URL_{number}", "")
        where = f"databases[{json.dumps(alias)}]"
        own = dict(databases.get(alias) or {})
        databases[alias] = tune(merge(own, parse(url, where)), overlay.version)
        overlay.supply(
            "DATABASES",
            dict(databases),
            f"{alias} from {where} ({family(databases[alias])}); neither migrated nor copied",
        )
        if not own:
            names = ", ".join(sorted(set(databases) - {alias}))
            overlay.attention("DATABASES", f"the project itself has no {alias!r}: it has {names}")
    for alias, other in databases.items():
        if alias not in ("default", *handed_over):
            _left_alone(overlay, alias, other, databases.get("default") or {})


def owned(environ: Mapping[str, str]) -> list[str]:
    """The further aliases that the deployment handed over, in order: DEPLOY_DATABASES."""
    return [alias for alias in environ.get("DEPLOY_DATABASES", "").split(",") if alias]


def parse(url: str, where: str) -> dict[str, Any]:
    """A database URL as Django's settings.

    Args:
        url: the URL.
        where: what it is the value of, for the error.

    Raises:
        DeployError: the URL is wrong; its text isn't shown, it may hold a password.
    """
    import dj_database_url

    try:
        return dict(dj_database_url.parse(url))
    except Exception as error:
        reason = str(error) if "unknown" in str(error).lower() else "it is no valid URL"
        raise DeployError(
            f"{where}: {reason}. It looks like postgres://user:password@host:5432/name or "
            f"sqlite:///{DATA}/db.sqlite3, with special characters percent-encoded"
        ) from None


def family(database: dict[str, Any]) -> str:
    """Which kind of server an engine speaks to; wrapped engines count as what they wrap."""
    engine = str(database.get("ENGINE", "")).lower()
    for name, marks in _FAMILIES.items():
        if any(mark in engine for mark in marks):
            return name
    return engine


def points_to(own: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Is the project's database the wanted one already?"""
    return family(own) == family(wanted) and all(
        str(own.get(key) or "") == str(wanted.get(key) or "") for key in _CONNECTION
    )


def merge(own: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted database, with what the project says on how to use it.

    Its engine and options stay if they are of the same kind: the engine may be a wrapper (GIS,
    metrics), the options tuning.
    """
    connection = {key: wanted[key] for key in _CONNECTION if wanted.get(key)}
    options = dict(wanted.get("OPTIONS") or {})
    if family(own) != family(wanted):
        kept = {key: own[key] for key in _USE if key in own}
        return {**kept, "ENGINE": wanted["ENGINE"], **connection, "OPTIONS": options}
    kept = {key: value for key, value in own.items() if key not in _CONNECTION}
    # A service or password file names another connection.
    tuning = {
        key: value
        for key, value in (own.get("OPTIONS") or {}).items()
        if key not in ("service", "passfile")
    }
    return {**kept, **connection, "OPTIONS": {**tuning, **options, **_roots(tuning, options)}}


def insecure(own: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Does the project reach the wanted database without looking whether it is that one?"""
    mode = str((wanted.get("OPTIONS") or {}).get("sslmode", ""))
    return mode.startswith("verify-") and (own.get("OPTIONS") or {}).get("sslmode") != mode


def _as_securely(own: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """A project's database with what the URL says of TLS."""
    options, given = dict(own.get("OPTIONS") or {}), wanted.get("OPTIONS") or {}
    said = {key: given[key] for key in _TLS if key in given}
    if not said:
        return own
    return {**own, "OPTIONS": {**options, **said, **_roots(options, said)}}


def _roots(own: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The project's own roots, where the URL names the system's for want of others."""
    if own.get("sslrootcert") and wanted.get("sslrootcert") == SYSTEM_ROOTS:
        return {"sslrootcert": own["sslrootcert"]}
    return {}


def tune(database: dict[str, Any], version: tuple[int, int]) -> dict[str, Any]:
    """Add what a database lacks to serve a site; what the project sets stays.

    `init_command` and `transaction_mode` exist since Django 5.1.
    """
    kind = family(database)
    if kind in ("postgres", "mysql"):
        return _tune_server(database, kind)
    if kind != "sqlite" or "memory" in str(database.get("NAME", "")):
        return database
    wanted: dict[str, Any] = {"timeout": BUSY_TIMEOUT}
    if version >= (5, 1):
        wanted["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        wanted["transaction_mode"] = "IMMEDIATE"
    return {**database, "OPTIONS": {**wanted, **(database.get("OPTIONS") or {})}}


def _tune_server(database: dict[str, Any], kind: str) -> dict[str, Any]:
    options = dict(database.get("OPTIONS") or {})
    if kind == "postgres":
        options = {"connect_timeout": CONNECT_TIMEOUT, **options}
        if str(options.get("sslmode", "")).startswith("verify-") and not _has_roots(options):
            options["sslrootcert"] = SYSTEM_ROOTS
    tuned = {**database, "OPTIONS": options}
    # 0 is Django's default, and what URL parsers fill in unasked. A pool does both by itself.
    if options.get("pool") or database.get("CONN_MAX_AGE", 0) != 0:
        return tuned
    return {**tuned, "CONN_MAX_AGE": KEPT, "CONN_HEALTH_CHECKS": True}


def _has_roots(options: Mapping[str, Any]) -> bool:
    """Something says what libpq verifies by: its option, its variable, or its file."""
    file = Path("~/.postgresql/root.crt").expanduser()
    return bool(options.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")) or file.exists()


def _added(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    options = set(after["OPTIONS"]) - set(before.get("OPTIONS") or {})
    return options | {key for key in after if key != "OPTIONS" and after[key] != before.get(key)}


def _left_alone(
    overlay: Overlay, alias: str, other: dict[str, Any], default: dict[str, Any]
) -> None:
    name = str(other.get("NAME") or "")
    if family(other) != "sqlite":
        overlay.attention(
            "DATABASES",
            f"{alias!r} is where the project's own settings say, and the health endpoint does not "
            f"ask it; to have it elsewhere: `pulumi config set --secret --path "
            f"'databases[{json.dumps(alias)}]'`",
        )
        return
    kept_folder = os.path.dirname(str(default.get("NAME", "")))  # noqa: PTH120 - may be no path
    if "memory" in name:
        return
    if family(default) != "sqlite" or os.path.dirname(name) != kept_folder:  # noqa: PTH120
        overlay.attention(
            "DATABASES",
            f"the SQLite file of {alias!r} is {name}, inside the container: each release starts "
            f"without it. Put it where a volume is: `pulumi config set --secret --path "
            f"'databases[{json.dumps(alias)}]'`",
        )
        return
    overlay.keep("DATABASES", f"{alias!r} is beside the site's own file")
