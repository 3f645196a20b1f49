"""The rules for Django's operations: what the version that serves would meet after each of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
"""An app's label and a model's name in lower case."""


@dataclass
class New:
    """What pending migrations make: the version that serves doesn't know it.

    Attributes:
        tables: models.
        columns: fields, in tables that it does know.
    """

    tables: set[Key] = field(default_factory=set)
    columns: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Case:
    """One operation, with the models before and after it.

    Attributes:
        operation: the operation.
        app: the label of the app that it belongs to.
        before: Django's state of the models before it.
        after: their state after it.
        connection: the database's connection, for the types of its columns.
        new: what the pending migrations have made before it.
    """

    operation: Any
    app: str
    before: Any
    after: Any
    connection: Any
    new: New

    @property
    def model(self) -> Key:
        """The model that the operation is about, by the name that it had before."""
        op = self.operation
        found = (getattr(op, name, "") for name in ("model_name", "old_name", "name"))
        return self.app, str(next(filter(None, found), "")).lower()

    @property
    def is_foreign(self) -> bool:
        """No table that the serving version knows is touched: it is new, or not Django's."""
        state = self.before.models.get(self.model)
        options = state.options if state else {}
        unmanaged = options.get("managed") is False or bool(options.get("proxy"))
        return unmanaged or self.model in self.new.tables

    @property
    def is_new_column(self) -> bool:
        """The field was added by the pending migrations: the serving version doesn't know it."""
        op = self.operation
        name = getattr(op, "old_name", None) or op.name
        return (*self.model, str(name).lower()) in self.new.columns

    def field(self, state: Any, name: str) -> Any:
        """A field as the database backend sees it, with its relations resolved."""
        return state.apps.get_model(*self.model)._meta.get_field(name)


_NO_VALUE = (
    "the column is NOT NULL and the database has no default for it (Django's own is dropped once "
    "the column is filled): the serving version's INSERT, which doesn't name it, fails"
)


def _drop_table(_case: Case) -> str:
    return "the table is dropped, and the serving version still reads it"


def _rename_model(case: Case) -> str:
    op = case.operation
    old = case.before.apps.get_model(case.app, op.old_name)._meta
    new = case.after.apps.get_model(case.app, op.new_name)._meta
    if old.db_table == new.db_table and not old.local_many_to_many:
        return ""
    return f"the serving version still reads the table {old.db_table}"


def _alter_table(case: Case) -> str:
    op = case.operation
    old, new = (s.apps.get_model(*case.model)._meta.db_table for s in (case.before, case.after))
    return "" if old == new else f"{op.name}: the serving version still reads the table {old}"


def _add_field(case: Case) -> str:
    op = case.operation
    if op.field.many_to_many or op.field.null or getattr(op.field, "generated", False):
        return ""
    return "" if _has_db_default(op.field) else _NO_VALUE


def _remove_field(case: Case) -> str:
    if case.is_new_column:
        return ""
    return "the column is dropped, and the serving version still reads and writes it"


def _rename_field(case: Case) -> str:
    op = case.operation
    old, new = case.field(case.before, op.old_name), case.field(case.after, op.new_name)
    if old.many_to_many or old.column == new.column or case.is_new_column:
        return ""
    return f"the serving version still reads and writes the column {old.column}"


def _alter_field(case: Case) -> str:
    op = case.operation
    old, new = case.field(case.before, op.name), case.field(case.after, op.name)
    if old.many_to_many or new.many_to_many:
        same = old.many_to_many and new.many_to_many and old.m2m_db_table() == new.m2m_db_table()
        return "" if same else "the table of the relation is made anew"
    if case.is_new_column:
        return _NO_VALUE if old.null and not new.null and not _has_db_default(new) else ""
    if old.column != new.column:
        return f"the serving version still reads and writes the column {old.column}"
    return next((text for rule in _ALTERED if (text := rule(case, old, new))), "")


def _narrower(case: Case, old: Any, new: Any) -> str:
    one, other = (f.db_type(case.connection) for f in (old, new))
    if one == other or _widens(str(one), str(other)):
        return ""
    return f"the column's type becomes {other}, was {one}: what is written may not fit"


def _not_null(_case: Case, old: Any, new: Any) -> str:
    return "the column becomes NOT NULL" if old.null and not new.null else ""


def _no_default(_case: Case, old: Any, new: Any) -> str:
    lost = _has_db_default(old) and not _has_db_default(new) and not new.null
    return "the database's default is dropped, and the serving version relies on it" if lost else ""


def _unique(_case: Case, old: Any, new: Any) -> str:
    return "the column becomes unique" if new.unique and not old.unique else ""


def _checked(case: Case, old: Any, new: Any) -> str:
    one, other = (f.db_parameters(case.connection).get("check") for f in (old, new))
    return f"the database checks from now on that {other}" if other and other != one else ""


def _constrained(_case: Case, old: Any, new: Any) -> str:
    if not new.remote_field or not new.db_constraint:
        return ""
    was = old.remote_field and old.db_constraint and old.remote_field.model._meta.db_table
    table = new.remote_field.model._meta.db_table
    return "" if was == table else f"every value has to exist in {table} from now on"


_ALTERED: tuple[Callable[[Case, Any, Any], str], ...] = (
    _narrower,
    _not_null,
    _no_default,
    _unique,
    _checked,
    _constrained,
)


def _add_constraint(case: Case) -> str:
    return f"rows that the serving version still writes may break {case.operation.constraint.name}"


def _alter_unique_together(case: Case) -> str:
    old, new = (
        {tuple(names) for names in s.models[case.model].options.get("unique_together") or ()}
        for s in (case.before, case.after)
    )
    return "rows that the serving version still writes may not be unique" if new - old else ""


def _order_with_respect_to(_case: Case) -> str:
    return "the column _order is added without a database default, or dropped"


def _safe(_case: Case) -> str:
    return ""


def _widens(old: str, new: str) -> bool:
    """Every value that fits the old type fits the new one, and is read back as it was."""
    sizes = [re.fullmatch(r"varchar\((\d+)\)", text) for text in (old, new)]
    if sizes[0] and sizes[1]:
        return int(sizes[1][1]) >= int(sizes[0][1])
    if sizes[0] and new in ("text", "varchar", "longtext"):
        return True
    integers = [text.removesuffix(" AUTO_INCREMENT") for text in (old, new)]
    order = ("smallint", "integer", "bigint")
    return all(text in order for text in integers) and (
        order.index(integers[0]) <= order.index(integers[1])
    )


def _has_db_default(model_field: Any) -> bool:
    from django.db.models import NOT_PROVIDED

    default = getattr(model_field, "db_default", NOT_PROVIDED)
    return default is not NOT_PROVIDED


UNKNOWN: Mapping[str, str] = {
    "RunPython": "it runs code: whether the serving version can live with that isn't known",
    "RunSQL": "it runs SQL of its own, of which only the patterns are known that the linter knows",
}
"""Operations that can't be judged by the models, and what is said of them."""

# By the name of the operation's class, or of the nearest class that it inherits from.
RULES: Mapping[str, Callable[[Case], str]] = {
    "CreateModel": _safe,
    "DeleteModel": _drop_table,
    "RenameModel": _rename_model,
    "AlterModelTable": _alter_table,
    "AlterModelTableComment": _safe,
    "AlterModelOptions": _safe,
    "AlterModelManagers": _safe,
    "AlterOrderWithRespectTo": _order_with_respect_to,
    "AddField": _add_field,
    "RemoveField": _remove_field,
    "RenameField": _rename_field,
    "AlterField": _alter_field,
    "AddIndex": _safe,
    "RemoveIndex": _safe,
    "RenameIndex": _safe,
    "AlterIndexTogether": _safe,
    "AlterUniqueTogether": _alter_unique_together,
    "AddConstraint": _add_constraint,
    "RemoveConstraint": _safe,
    "AlterConstraint": _safe,
    "ValidateConstraint": _safe,
    "CreateExtension": _safe,
    "CreateCollation": _safe,
}
