"""migrate, with an account of what it applied."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .errors import DeployError
from .explain import explain


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """What one call of migrate did.

    Attributes:
        applied: how many migrations it applied.
        migrations: their names, `app.name`, in the order in which they were applied.
        seconds: how long it took.
    """

    applied: int
    migrations: tuple[str, ...]
    seconds: float

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
    """Call migrate; Django must be set up and the database answer.

    Args:
        flags: further words of its command line, such as "--run-syncdb".

    Raises:
        MigrationError: it raised, or its flags are wrong.
    """
    from django.core.management import call_command

    alias = _alias(flags)
    before = set(_recorded(alias))
    started = time.monotonic()
    problem: Exception | None = None
    try:
        call_command("migrate", *flags, interactive=False)
    except Exception as error:
        problem = error
    new = tuple(name for name in _recorded(alias) if name not in before)
    done = Migrated(applied=len(new), migrations=new, seconds=round(time.monotonic() - started, 3))
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


def _alias(flags: Sequence[str]) -> str:
    for position, flag in enumerate(flags):
        if flag.startswith("--database="):
            return flag.partition("=")[2]
        if flag == "--database" and position + 1 < len(flags):
            return flags[position + 1]
    return "default"


def _recorded(alias: str) -> list[str]:
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    try:
        applied = MigrationRecorder(connections[alias]).applied_migrations()
    except Exception:  # a failed migration may leave the connection unusable
        connections[alias].close()
        applied = MigrationRecorder(connections[alias]).applied_migrations()
    rows = sorted(applied.values(), key=lambda row: row.id or 0)
    return [f"{row.app}.{row.name}" for row in rows]


def summary(done: Migrated) -> str:
    """One line for people."""
    what = "applied 1 migration" if done.applied == 1 else f"applied {done.applied} migrations"
    return f"migrate … {what if done.applied else 'nothing to apply'} ({done.seconds:.2f} s)"
