"""migrate, one at a time, with an account of what it applied."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import lock
from .errors import DeployError
from .explain import explain

_WAITED = 0.5  # seconds for another migrator that are worth mentioning


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """What one call of migrate did.

    Attributes:
        applied: how many migrations it applied.
        migrations: their names, `app.name`, in the order in which they were applied.
        seconds: how long it took.
        waited: how many of these seconds another migrator of the same database was at work.
    """

    applied: int
    migrations: tuple[str, ...]
    seconds: float
    waited: float = 0.0

    def as_data(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {**asdict(self), "migrations": list(self.migrations)}


class MigrationError(DeployError):
    """A migration failed; those before it may have been committed.

    Attributes:
        done: what was applied before the failure.
    """

    def __init__(self, reason: str, done: Migrated) -> None:
        committed = ", ".join(done.migrations) or "none"
        super().__init__(f"migrate failed: {reason}\n\nMigrations committed before it: {committed}")
        self.done = done


def run_migrate(flags: Sequence[str] = ()) -> Migrated:
    """Call migrate, alone on the database; Django must be set up and the database answer.

    Args:
        flags: further words of its command line, such as "--run-syncdb".

    Raises:
        MigrationError: it raised, or its flags are wrong.
        DeployError: another process migrates the database, and does not come to an end.
    """
    from django.core.management import call_command

    alias = alias_of(flags)
    started = time.monotonic()
    problem: Exception | None = None
    with lock.held(alias) as waited:
        before = set(recorded(alias))
        try:
            call_command("migrate", *flags, interactive=False)
        except Exception as error:
            problem = error
        new = tuple(".".join(key) for key in recorded(alias) if key not in before)
    done = Migrated(
        applied=len(new),
        migrations=new,
        seconds=round(time.monotonic() - started, 3),
        waited=round(waited, 3),
    )
    if problem is not None:
        raise MigrationError(explain(problem), done) from problem
    return done


def migrate_into(result: dict[str, Any], flags: Sequence[str] = ()) -> Migrated:
    """As `run_migrate`, and enter what was applied into a ledger's result, even if it fails."""
    try:
        done = run_migrate(flags)
    except MigrationError as error:
        result.update(applied=error.done.applied, migrations=list(error.done.migrations))
        raise
    result.update(applied=done.applied, migrations=list(done.migrations))
    return done


def alias_of(flags: Sequence[str]) -> str:
    """The alias of the database that flags of migrate name."""
    for position, flag in enumerate(flags):
        if flag.startswith("--database="):
            return flag.partition("=")[2]
        if flag == "--database" and position + 1 < len(flags):
            return flags[position + 1]
    return "default"


def recorded(alias: str) -> list[tuple[str, str]]:
    """What a database says was applied, as app and name, in the order in which it was recorded."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    try:
        applied = MigrationRecorder(connections[alias]).applied_migrations()
    except Exception:  # a failed migration may leave the connection unusable
        connections[alias].close()
        applied = MigrationRecorder(connections[alias]).applied_migrations()
    rows = sorted(applied.values(), key=lambda row: row.id or 0)
    return [(row.app, row.name) for row in rows]


def summary(done: Migrated) -> str:
    """One line for people."""
    what = "applied 1 migration" if done.applied == 1 else f"applied {done.applied} migrations"
    waited = f", {done.waited:.1f} s of them waiting" if done.waited > _WAITED else ""
    said = what if done.applied else "nothing to apply"
    return f"migrate … {said} ({done.seconds:.2f} s{waited})"
