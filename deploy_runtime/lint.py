"""What django-migration-linter says of a migration's SQL, on any project and engine.

It is installed in a folder of its own, never into the project's environment, and looked for only
here. A linter that is missing, or that fails on a project, is a warning: the rules for Django's
operations decide then.
"""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from .operations import Finding
from .places import RUNTIME

FOLDER = f"{RUNTIME}/lint"

# About how a migration is written, not about what the serving version can live with.
_STYLE = ("RUNPYTHON_", "RUNSQL_REVERSIBLE")
# How SQLite changes a table: makes it anew beside the old one, copies, drops, renames.
_REMADE = {"sqlite": frozenset({"NOT_NULL", "RENAME_TABLE", "DROP_TABLE", "ADD_UNIQUE"})}


class Linter:
    """The linter on one database.

    Args:
        alias: the database's alias.
        vendor: its kind, as Django calls it.
    """

    def __init__(self, alias: str, vendor: str) -> None:
        self._alias, self._vendor = alias, vendor
        self._made: Any = None

    def look(self, migration: Any, *, known: bool) -> list[Finding]:
        """What it says of a migration's SQL.

        Args:
            migration: the migration.
            known: the rules for operations know all of them, and have decided: what the linter
                says beyond them is a warning.
        """
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return list(self._look(migration, known))
        except (Exception, SystemExit) as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            why = f"it failed ({said}): Django's operations alone were looked at"
            return [Finding(operation="django-migration-linter", why=why, unsafe=False)]

    def _look(self, migration: Any, known: bool) -> Iterator[Finding]:
        linter = self._made = self._made or self._make()
        sql = linter.get_sql(migration.app_label, migration.name)
        analyser = linter.sql_analyser_class([])
        analyser.analyse(sql)
        artefacts = _REMADE.get(self._vendor, frozenset()) if known or _is_remade(sql) else ()
        for issue in analyser.errors:
            if issue.code not in artefacts:
                yield _finding(issue, unsafe=not known)
        _, _, written = linter.analyse_data_migration(migration)
        for issue in [*analyser.warnings, *written]:
            if not issue.code.startswith(_STYLE):
                yield _finding(issue, unsafe=False)

    def _make(self) -> Any:
        folder = os.environ.get("DEPLOY_LINT") or FOLDER
        # At the end: nothing of the project's is shadowed.
        if folder not in sys.path:
            sys.path.append(folder)
        from django_migration_linter import MigrationLinter

        logging.getLogger("django_migration_linter").setLevel(logging.CRITICAL)
        return MigrationLinter(database=self._alias, no_cache=True, no_output=True)


def _is_remade(sql: list[str]) -> bool:
    return any("RENAME TO" in line and '"new__' in line for line in sql)


def _finding(issue: Any, *, unsafe: bool) -> Finding:
    where = ".".join(part for part in (issue.table, issue.column) if part)
    message = issue.message.partition(" (Could be")[0]
    return Finding(
        operation=f"SQL{f' on {where}' if where else ''}",
        why=f"django-migration-linter: {message} ({issue.code})",
        unsafe=unsafe,
    )
