"""Waiting for the database to answer, and saying why it doesn't."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .connection import apart, key_of
from .environment import POOLED_URL, ownership
from .errors import DeployError
from .errors import seconds as seconds_of
from .overlay_database import merge, owned, parse
from .remedies import remedy_for

_INTERVAL = 0.5
_REPORT_EVERY = 5.0


def timeout(environ: Mapping[str, str] = os.environ) -> float:
    """Seconds to wait for the database: DEPLOY_DATABASE_TIMEOUT, 60 by default."""
    return seconds_of(environ, "DEPLOY_DATABASE_TIMEOUT", default=60)


def wait(alias: str = "default", *, seconds: float | None = None) -> float:
    """Wait until a database answers; return how long that took, in seconds.

    Args:
        alias: the database's alias.
        seconds: to wait at most; None for `timeout()`. SQLite is never waited for.

    Raises:
        DeployError: it does not answer in time, or can't be written.
    """
    from django.db import connections

    connection = connections[alias]
    return _wait_for(connection, key_of(connection), seconds)


def wait_for_pooled(environ: Mapping[str, str] = os.environ) -> None:
    """Wait for the pooler by which the site is served, where this process goes past it.

    Raises:
        DeployError: see `wait`.
    """
    from django.db import connections

    if environ.get(POOLED_URL):
        wanted = parse(environ[POOLED_URL], "DATABASE_URL")
        with apart(connections["default"]) as pooled:
            pooled.settings_dict = merge(pooled.settings_dict, wanted)
            _wait_for(pooled, "database.url", None)


def _wait_for(connection: Any, key: str, seconds: float | None) -> float:
    from django.db import OperationalError

    patience = timeout() if seconds is None else seconds
    if connection.vendor == "sqlite":
        _check_file(connection.settings_dict)
        patience = 0
    started = reported = time.monotonic()
    while True:
        try:
            connection.ensure_connection()
            _let_readers_read(connection)
            return time.monotonic() - started
        except OperationalError as error:
            connection.close()
            reason = " ".join(str(error).split())
        now = time.monotonic()
        final = _final(connection, key, reason)
        if final or now - started >= patience:
            raise DeployError(_gave_up(connection, key, reason, final, now - started))
        if now - reported >= _REPORT_EVERY:
            reported = now
            print(f"waiting for the database, {now - started:.0f} s: {reason}", file=sys.stderr)
        time.sleep(_INTERVAL)


def wait_for_all(environ: Mapping[str, str] = os.environ) -> None:
    """Wait for every database that the deployment hands over, the site's own first.

    Raises:
        DeployError: see `wait`.
    """
    for alias in ("default", *owned(environ)):
        wait(alias)


def _let_readers_read(connection: Any) -> None:
    """SQLite's WAL mode, which the file keeps, for Djangos that don't know `init_command`."""
    import django

    if connection.vendor == "sqlite" and django.VERSION < (5, 1):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")


def _final(connection: Any, key: str, reason: str) -> str | None:
    """What the server says that waiting does not mend, and what to do; None if waiting may."""
    user = connection.settings_dict.get("USER") or ""
    return remedy_for(reason, {"database"}, user=user, key=key)


def _gave_up(connection: Any, key: str, reason: str, final: str | None, waited: float) -> str:
    config = connection.settings_dict
    place = f"{config.get('HOST') or 'localhost'}:{config.get('PORT') or 'default port'}"
    where = config["NAME"] if connection.vendor == "sqlite" else f"{config['NAME']} on {place}"
    # Django asks a server of this kind for its name, which is the one that does not answer.
    kind = "MySQL" if connection.vendor == "mysql" else connection.display_name
    name = f"the {kind} database {where}"
    # No driver is known to print it, but this text is shown.
    said = reason.replace(str(config.get("PASSWORD") or "\0"), "[secret]")
    if final:
        return f"{name} {final}\n\nIt said: {said}"
    return (
        f"{name} does not answer after {waited:.0f} s: {said}. "
        "Does the server run, is it reachable from containers of this host, and is its address "
        f"right ({key})? A slow one gets more time by database.timeout"
    )


def _check_file(config: Mapping[str, Any]) -> None:
    name = str(config.get("NAME") or "")
    if not name or "memory" in name or name.startswith("file:"):
        return
    path = Path(name)
    # SQLite writes its journal beside the file, so the folder has to be writable, too.
    for place in (path.parent, path):
        if place == path and not path.exists():
            continue
        if not place.exists():
            raise DeployError(f"the folder of the SQLite database, {place}, does not exist")
        if not os.access(place, os.W_OK):
            raise DeployError(
                f"the SQLite database can't be written: {place}. {ownership(place)}. "
                f"Give it to this process: chown -R {os.geteuid()}:{os.getegid()} {path.parent}"
            )
