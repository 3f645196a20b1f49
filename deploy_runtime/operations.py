"""What the version that serves can't live with, told from a migration's operations.

While a new release starts, the old one goes on reading and writing the tables as it knows them. The
rules look at Django's own operations, with the models before and after each of them. A linter of
SQL can't know what is decided here: SQLite remakes a table for most changes, which reads like a new
one with every constraint new; a wider column reads like a narrower one; and it looks at one
migration at a time, so that a table made by the one before counts as a table in use.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .operation_rules import RULES, UNKNOWN, Case, New


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about an operation that matters to the version that serves.

    Attributes:
        operation: the operation, as Django describes it.
        why: what the version that serves would meet; for a warning, what can't be known.
        unsafe: it could not live with it; else this is a warning.
    """

    operation: str
    why: str
    unsafe: bool


@dataclass
class Judge:
    """Goes through pending migrations in their order, and remembers what is new in them.

    Attributes:
        connection: the database's connection, for the types of its columns.
        state: Django's state of the models, before the migration that comes next.
        new: what the pending migrations make.
        known: the rules knew all operations of the migration that was judged last.
    """

    connection: Any
    state: Any
    new: New = field(default_factory=New)
    known: bool = True

    def judge(self, migration: Any) -> list[Finding]:
        """What is to be said of a migration; it counts as applied afterwards."""
        self.known = True
        _ = self.state.apps  # made once: what copies the state copies them, which is cheaper
        return [f for op in migration.operations for f in self._step(op, migration.app_label)]

    def _step(self, operation: Any, app: str, *, only_state: bool = False) -> list[Finding]:
        if type(operation).__name__ == "SeparateDatabaseAndState":
            return self._separate(operation, app, only_state=only_state)
        before = self.state.clone()
        operation.state_forwards(app, self.state)
        found = [] if only_state else list(self._look(operation, app, before))
        self._remember(operation, app)
        return found

    def _separate(self, operation: Any, app: str, *, only_state: bool) -> list[Finding]:
        # The database's part is looked at from the models before; then the state takes its own way.
        before, found = self.state, []
        self.state = before.clone()
        if not only_state:
            for inner in operation.database_operations:
                found += self._step(inner, app)
        self.state = before
        for inner in operation.state_operations:
            self._step(inner, app, only_state=True)
        return found

    def _look(self, operation: Any, app: str, before: Any) -> Iterator[Finding]:
        names = [base.__name__ for base in type(operation).__mro__]
        name = next((name for name in names if name in RULES or name in UNKNOWN), None)
        if name is None or name in UNKNOWN:
            self.known = self.known and name == "RunPython"
            why = UNKNOWN.get(name or "", f"what {names[0]} does to the tables isn't known here")
            yield Finding(operation=operation.describe(), why=why, unsafe=False)
            return
        case = Case(operation, app, before, self.state, self.connection, self.new)
        why = "" if case.is_foreign else RULES[name](case)
        if why:
            yield Finding(operation=operation.describe(), why=why, unsafe=True)

    def _remember(self, operation: Any, app: str) -> None:
        kind = type(operation).__name__
        if kind == "CreateModel":
            self.new.tables.add((app, operation.name_lower))
        elif kind == "RenameModel" and (app, operation.old_name_lower) in self.new.tables:
            self.new.tables.add((app, operation.new_name_lower))
        elif kind == "AddField":
            self.new.columns.add((app, operation.model_name_lower, operation.name_lower))
        elif kind == "RenameField":
            old = (app, operation.model_name_lower, operation.old_name_lower)
            if old in self.new.columns:
                self.new.columns.add((app, operation.model_name_lower, operation.new_name_lower))
