"""One migrator at a time, however many containers start: a lock that the database's kind offers.

Whoever holds it is gone as soon as its process is: a server frees the lock with the connection,
the kernel with the open file. Nothing has to be cleaned up after a crash.
"""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from . import ledger, pooler
from .connection import apart
from .errors import DeployError
from .errors import seconds as seconds_of

INTERVAL = 0.2
_REPORT_EVERY = 15.0
# Two numbers that name the lock within a PostgreSQL database, and its name on a MySQL server.
_KEYS = (0x646A_616E, 0x6D69_6772)
_NAME = "django-on-docker migrate"

Try = Callable[[], bool]
Holder = Callable[[], str]


def timeout(environ: Mapping[str, str] = os.environ) -> float:
    """Seconds to wait for another migrator: DEPLOY_MIGRATE_TIMEOUT, 600 by default."""
    return seconds_of(environ, "DEPLOY_MIGRATE_TIMEOUT", default=600)


@contextmanager
def held(alias: str = "default", *, seconds: float | None = None) -> Iterator[float]:
    """Hold the lock on a database's migrations; the block gets how long it was waited for.

    Args:
        alias: the database's alias.
        seconds: to wait at most; None for `timeout()`.

    Raises:
        DeployError: somebody else holds it all that time, or there is no place for it.
    """
    from django.db import connections

    connection = connections[alias]
    patience = timeout() if seconds is None else seconds
    with _LOCKS.get(connection.vendor, _in_ledger)(connection) as (try_lock, holder):
        yield _wait(try_lock, holder, patience)


def _wait(try_lock: Try, holder: Holder, patience: float) -> float:
    started = report = time.monotonic()
    while not try_lock():
        now = time.monotonic()
        if now - started >= patience:
            raise DeployError(
                f"migrate has waited {now - started:.0f} s for {holder()}, which migrates this "
                "database. If that is well, wait longer (migrations.timeout); if it hangs, stop "
                "it: "
                "the lock is free as soon as it has ended. Nothing was migrated here"
            )
        if now >= report:
            report = now + _REPORT_EVERY
            print(f"migrate … waiting for {holder()}, which migrates this database", flush=True)
        time.sleep(INTERVAL)
    return time.monotonic() - started


def _me() -> str:
    release = os.environ.get("RELEASE", "")[:8]
    return f"migrate {socket.gethostname()[:12]}{f' release {release}' if release else ''}"


@contextmanager
def _beside_file(connection: Any) -> Iterator[tuple[Try, Holder]]:
    name = str(connection.settings_dict.get("NAME") or "")
    if not name or "memory" in name or name.startswith("file:"):
        yield (lambda: True), (lambda: "")
        return
    with _file(Path(f"{name}.migrate-lock")) as lock:
        yield lock


@contextmanager
def _in_ledger(_connection: Any) -> Iterator[tuple[Try, Holder]]:
    ledger_file = Path(os.environ.get("DEPLOY_LEDGER") or ledger.FILE)
    with _file(ledger_file.with_name("migrate-lock")) as lock:
        yield lock


@contextmanager
def _file(path: Path) -> Iterator[tuple[Try, Holder]]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DeployError(
            f"the lock of migrations, {path}, can't be written: {error.strerror}"
        ) from None

    def try_lock() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        # For those who wait; the lock holds without it.
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, _me().encode(), 0)
        return True

    def holder() -> str:
        return os.pread(file, 200, 0).decode(errors="replace") or "another process"

    try:
        yield try_lock, holder
    finally:
        os.close(file)


@contextmanager
def _own_connection(connection: Any) -> Iterator[Any]:
    # The connection that migrates may be lost and made anew, and with it what it holds; and one
    # of a pool would go back there with the lock.
    with apart(connection) as own, own.cursor() as cursor:
        yield cursor


@contextmanager
def _in_postgres(connection: Any) -> Iterator[tuple[Try, Holder]]:
    pooler.refuse(connection)
    with _own_connection(connection) as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [_me()])

        def try_lock() -> bool:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _KEYS)
            return bool(cursor.fetchone()[0])

        def holder() -> str:
            cursor.execute(
                "SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a "
                "ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s "
                "AND l.objid = %s AND l.database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())",
                _KEYS,
            )
            row = cursor.fetchone()
            return f"{row[0] or 'a connection'} (pid {row[1]} of the server)" if row else "another"

        yield try_lock, holder


@contextmanager
def _in_mysql(connection: Any) -> Iterator[tuple[Try, Holder]]:
    # The name is the server's, not the database's.
    name = f"{_NAME} {connection.settings_dict['NAME']}"[:64]
    with _own_connection(connection) as cursor:

        def try_lock() -> bool:
            cursor.execute("SELECT GET_LOCK(%s, 0)", [name])
            return bool(cursor.fetchone()[0])

        def holder() -> str:
            cursor.execute("SELECT IS_USED_LOCK(%s)", [name])
            row = cursor.fetchone()
            return f"connection {row[0]} of the server" if row and row[0] else "another connection"

        yield try_lock, holder


_LOCKS: Mapping[str, Callable[[Any], AbstractContextManager[tuple[Try, Holder]]]] = {
    "sqlite": _beside_file,
    "postgresql": _in_postgres,
    "mysql": _in_mysql,
}
