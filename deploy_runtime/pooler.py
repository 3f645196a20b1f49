"""A pooler between a project and its PostgreSQL, which lends its connections by the transaction.

What holds for a session holds there for nobody: the lock around migrate stays with a connection
that others get next, and so does the empty search path of pg_dump. Whoever needs a session goes to
the server itself: `environment.go_direct`.
"""

from typing import Any

from .connection import DIRECT_KEY, apart, key_of
from .errors import DeployError

# A pooler that is busy may give others what one of two connections had, but not each time.
_ROUNDS = 10


def refuse(connection: Any) -> None:
    """End here if a connection to PostgreSQL is a session of the server's for a transaction alone.

    Args:
        connection: Django's; it is opened if it isn't.

    Raises:
        DeployError: it is, with the key to set.
    """
    if connection.vendor == "postgresql" and is_shared(connection):
        raise DeployError(_refusal(connection.alias, key_of(connection)))


def is_shared(connection: Any) -> bool:
    """Whether connections take turns on the sessions of a server.

    PgBouncer says so to its administrators alone (`SHOW POOLS`), others in words of their own. But
    whoever answers names the process that does when a connection is made, and one that is no server
    has none that the server knows.
    """
    connection.ensure_connection()
    session = _session(connection)
    told = getattr(getattr(connection.connection, "info", None), "backend_pid", session)
    if told == session:
        return False
    with apart(connection) as other:
        # The same for another while this one is open, or another for this one.
        return any(
            _session(other) == session or _session(connection) != session for _ in range(_ROUNDS)
        )


def _session(connection: Any) -> int:
    """The process of the server that answers now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _refusal(alias: str, key: str) -> str:
    leads = (
        f"{key} leads to a pooler that lends a connection for a transaction at a time, as "
        "pgbouncer does with pool_mode = transaction. The lock around migrate does not hold there, "
        "and what copies the database would leave its search path behind for others"
    )
    if alias != "default":
        return f"{leads}. What is migrated has to be reached without one"
    if key == DIRECT_KEY:
        return f"{leads}. It has to name the server itself"
    return (
        f"{leads}. Name the server itself, too, which is another host or port: `pulumi config set "
        f"--secret --path {DIRECT_KEY} -s STACK`. Migrations, the seeding job, copies and "
        f"commands by hand go there; what serves goes on by {key}"
    )
