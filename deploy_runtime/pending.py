"""What this release's migrate would do to the database: `python -m deploy_runtime.pending [FLAGS]`.

Run before anything changes the database, with the flags of migrate. It changes nothing itself, and
prints one line of JSON: the migrations that are pending, in the order in which migrate would apply
them; what the version that serves could not live with; what the database has that this release
doesn't know; and what each of the two has in all. Progress and warnings for people go to stderr.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from . import checks, database, migrate, overlay_off, pooler
from .answer import answer
from .errors import DeployError
from .explain import explain
from .lint import Linter
from .operations import Finding, Judge

Report = dict[str, Any]


def report(alias: str = "default") -> Report:
    """What is pending on a database, what of it is unsafe, and whether the database is ahead.

    Raises:
        DeployError: the migrations contradict each other, or what was applied contradicts them; or
            a system check fails, or settings that are left alone lack a host, which the image may
            have passed for another origin; or a pooler is where a session is needed, or does not
            answer where it is not.
    """
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    overlay_off.refuse()
    checks.refuse([alias])
    connection = connections[alias]
    pooler.refuse(connection)
    database.wait_for_pooled()
    try:
        executor = MigrationExecutor(connection)
        loader = executor.loader
        _check(loader, connection)
        plan = [m for m, _ in executor.migration_plan(loader.graph.leaf_nodes())]
    except DeployError:
        raise
    except Exception as error:
        raise DeployError(f"the migrations can't be loaded.\n\n{explain(error)}") from None
    # As recorded: the loader adds what stands for others, and leaves those out.
    applied = migrate.recorded(alias)
    known = _known(loader)
    found = _judged(plan, loader, connection) if applied else {}
    return {
        "engine": connection.vendor,
        "file": _file(connection),
        "checked": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "new": not applied,
        "pending": [_name(m.app_label, m.name) for m in plan],
        "unsafe": _of(found, unsafe=True),
        "warnings": _of(found, unsafe=False),
        "ahead": ahead(applied, loader.migrated_apps, known),
        "applied": [_name(*key) for key in applied],
        "known": sorted(_name(*key) for key in known),
    }


def _file(connection: Any) -> str:
    """The database's file, "" where it is none that could be copied."""
    name = str(connection.settings_dict.get("NAME") or "")
    return name if connection.vendor == "sqlite" and name.startswith("/") else ""


def _check(loader: Any, connection: Any) -> None:
    conflicts = loader.detect_conflicts()
    if conflicts:
        names = "; ".join(f"{app}: {', '.join(names)}" for app, names in sorted(conflicts.items()))
        raise DeployError(
            f"migrations of one app follow the same one, so that their order is unknown: {names}. "
            "Run `manage.py makemigrations --merge` in the project"
        )
    loader.check_consistent_history(connection)


def _judged(plan: Iterable[Any], loader: Any, connection: Any) -> dict[str, list[Finding]]:
    judge = Judge(connection=connection, state=_state(loader))
    linter = Linter(connection.alias, connection.vendor)
    found = {}
    for migration in plan:
        findings = judge.judge(migration)
        decided = judge.known or any(f.unsafe for f in findings)
        findings += linter.look(migration, known=decided)
        found[_name(migration.app_label, migration.name)] = findings
    return found


def _state(loader: Any) -> Any:
    """Django's state of the models as the database has them."""
    applied = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    return loader.project_state(applied, at_end=True)


def _of(found: Mapping[str, Iterable[Finding]], *, unsafe: bool) -> list[dict[str, str]]:
    entries = []
    for name, findings in found.items():
        for finding in findings:
            if finding.unsafe is unsafe:
                entry = {k: v for k, v in asdict(finding).items() if k != "unsafe"}
                entries.append({"migration": name, **entry})
    return entries


def _known(loader: Any) -> set[tuple[str, str]]:
    """What this release has as files, or had: what its squashed migrations stand for."""
    replaced = {key for m in loader.disk_migrations.values() for key in m.replaces}
    return {*loader.disk_migrations, *replaced}


def ahead(
    applied: Sequence[tuple[str, str]],
    apps: Iterable[str],
    known: set[tuple[str, str]],
) -> list[str]:
    """What the database has of a later release: unknown here, and newer than all that is known.

    What was squashed, and its files deleted, was recorded before what took its place.

    Args:
        applied: app and name of the applied migrations, in the order in which they were recorded.
        apps: the labels of the installed apps that have migrations.
        known: app and name of the migrations of this release.
    """
    found = []
    for app in sorted(apps):
        mine = [key for key in applied if key[0] == app]
        last = max((index for index, key in enumerate(mine) if key in known), default=-1)
        found += [_name(*key) for key in mine[last + 1 :]]
    return found


def _name(app: str, name: str) -> str:
    return f"{app}.{name}"


if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:], report))
