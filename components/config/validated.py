"""A stack's raw values as keys that were checked, whatever kind of stack it is."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ..place import LONGEST, default_deployment
from .keys import top_level
from .keys.base import Keys, is_secret
from .messages import ConfigError, Place, command, count, explain, field_at, path

K = TypeVar("K", bound=Keys)


def validated(
    kind: type[K],
    raw: Mapping[str, str],
    *,
    stack: str,
    file: str,
    encrypted: Collection[Place] = (),
    missing: Callable[[Mapping[str, Any]], Iterable[Any]] = lambda _given: (),
) -> K:
    """Validate the raw config of a stack.

    Args:
        kind: what the stack's keys are to be.
        raw: config values as Pulumi hands them over: every value is text, and lists and objects
            are JSON; keys have no namespace.
        stack: the stack's name, the default of `deployment`.
        file: the stack's config file, for the error messages.
        encrypted: the places of what is encrypted in that file, which may be whole objects.
        missing: says which keys are missing, whatever else is wrong with a config.

    Raises:
        ConfigError: naming every key that is wrong, its value, what is allowed and the remedy.
    """
    # Nothing said is a default; but of a key that there is not, it is a slip.
    silent = [key for key, value in raw.items() if value in ("", "{}") and key in top_level()]
    given = {key: _decoded(key, value) for key, value in raw.items() if key not in silent}
    problems = [
        f"{path(*place)} is in plain text: use `{command('set', path(*place), stack, secret=True)}`"
        for place in _secrets_in(given)
        if not any(tuple(place[: len(outer)]) == tuple(outer) for outer in encrypted)
    ]
    try:
        settings = kind.model_validate(
            {"deployment": default_deployment(stack), **given}, by_alias=True, by_name=False
        )
    except ValidationError as error:
        errors = [e for e in error.errors() if e["loc"] != ("deployment",) or "deployment" in given]
        if len(errors) < len(error.errors()):
            problems.append(_unnamed(stack))
        # What keys say together is of use where all of them are there.
        lacking = list(missing(given))
        told = [e for e in errors if e["loc"] or not lacking]
        problems += [explain(e, given, stack) for e in (*told, *lacking)]
    if problems:
        raise ConfigError(f"{file} has {count(problems)}", problems)
    return settings


def _unnamed(stack: str) -> str:
    return (
        f"deployment is empty, and the stack's name {stack!r} gives none of 1 to {LONGEST} "
        "characters, on which what is named after it rests: name it with `pulumi config set "
        f"deployment NAME -s {stack}`"
    )


def _decoded(key: str, value: str) -> Any:
    field = top_level().get(key)
    # What is no text is JSON; a text may look like a number.
    if field is not None and field.annotation is not str and value[:1] in ("{", "["):
        return _json(value)
    return value


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _secrets_in(given: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    field = field_at(place) if place else None
    if isinstance(given, dict):
        for name, value in given.items():
            yield from _secrets_in(value, (*place, name))
    elif field is not None and is_secret(field) and given not in (None, ""):
        yield place
