"""The project's system checks, as `manage.py check` runs them, with or without a database.

Where there is none, as in the image build, a check that asks one is left to where there is.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from .errors import DeployError
from .explain import explain

T = TypeVar("T")


def refuse(databases: Sequence[str] = ()) -> list[str]:
    """Run all checks; print what they warn of, and return it.

    Args:
        databases: the aliases of the databases that may be asked; with none, none is connected to,
            whatever a check tries.

    Raises:
        DeployError: some of them fail; all of these are named.
    """
    from django.core.checks import registry

    messages: list[Any] = []
    left = []
    for check in sorted(registry.registry.get_checks(), key=_name):
        if not databases and "database" in getattr(check, "tags", ()):
            continue
        found = _run(check, databases)
        if found is None:
            left.append(_name(check))
        messages += found or ()
    if left:
        print(f"checks that ask the database, run before it is changed: {', '.join(left)}")
    shown = [message for message in messages if not message.is_silenced()]
    errors = [str(message) for message in shown if message.is_serious()]
    if errors:
        raise DeployError("\n".join(["the project's system checks fail:", *errors]))
    warnings = [str(message) for message in shown]
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return warnings


def without_database(look: Callable[[], T]) -> T:
    """What a look returns that can connect to no database, whatever it tries."""
    with _database([], there=False):
        return look()


def _run(check: Callable[..., Any], databases: Sequence[str]) -> list[Any] | None:
    """What a check says; None if it asked a database that there isn't."""
    asked: list[bool] = []
    try:
        with _database(asked, there=bool(databases)):
            found = list(check(app_configs=None, databases=list(databases)))
    except Exception as error:
        if asked:
            return None
        raise DeployError(
            f"the project's check {_name(check)} can't be run.\n\n{explain(error)}"
        ) from None
    return None if asked else found


@contextmanager
def _database(asked: list[bool], *, there: bool) -> Iterator[None]:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.utils import OperationalError

    def refused(_self: Any) -> NoReturn:
        asked.append(True)
        raise OperationalError("there is no database while the image is built")

    if there:
        yield
        return
    connect = BaseDatabaseWrapper.connect
    BaseDatabaseWrapper.connect = refused
    try:
        yield
    finally:
        BaseDatabaseWrapper.connect = connect


def _name(check: Callable[..., Any]) -> str:
    return f"{check.__module__}.{getattr(check, '__qualname__', type(check).__name__)}"
