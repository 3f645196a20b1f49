"""What is said of a stack's config that is wrong: path, value, what is allowed, and what to do."""

import difflib
import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from .config_error import ConfigError as ConfigError
from .keys import all_keys, top_level
from .keys.base import fields_of, is_list, is_object, is_secret, keys_in
from .moved_keys import MOVED, SAYS

# What pydantic calls the name of an entry, in the place of an error.
_NAME = "[key]"
# In a remedy, it becomes the stack that the config is of.
_STACK = "-s STACK"
# pydantic speaks of Python's types; a stack's file is YAML.
_IN_YAML = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "string_type": "must be a text",
}

Place = Sequence[str | int]
"""Where a value is in the config: names of keys, then the name or the number of an entry."""


class _ConflictError(ValueError):
    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.key, self.problem, self.remedy = key, problem, remedy


def conflict(key: str, problem: str, remedy: str) -> ValueError:
    """Keys that contradict each other: the one to change, what is wrong with it, what to do.

    In what is to be done, `-s STACK` becomes the stack's name.
    """
    return _ConflictError(key, problem, remedy)


def explain(error: Any, given: Mapping[str, Any], stack: str) -> str:
    """What is wrong with a config value, and what to do, in one line.

    Args:
        error: one of a `ValidationError`'s.
        given: the config as it was given.
        stack: the stack's name.
    """
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, _ConflictError):
        return f"{cause.key} {cause.problem}: {cause.remedy.replace(_STACK, f'-s {stack}')}"
    place: Place = error["loc"]
    if error["type"] == "extra_forbidden":
        return _unknown(place, _value(given, place), stack)
    where = path(*(part for part in place if part != _NAME))
    if error["type"] == "missing":
        return f"{where} is missing: set it with `{command('set', where, stack, value='VALUE')}`"
    message = str(cause) if cause else _allowed(error, field_at(place))
    if place[-1] == _NAME:
        # The name is wrong, whatever its value is.
        return f"{where} {message}; remove it with `{command('rm', where, stack)}`"
    return f"{_shown(given, place, where)}: {message}; {_change(where, place, given, stack)}"


def path(*place: str | int) -> str:
    """A place in the config, as `pulumi config --path` names it."""
    keys = _key_part(place)
    return ".".join(map(str, keys)) + "".join(
        f"[{json.dumps(part)}]" for part in place[len(keys) :]
    )


def command(verb: str, where: str, stack: str, *, value: str = "", secret: bool = False) -> str:
    """A `pulumi config` command.

    Args:
        verb: "set" or "rm".
        where: the key, or the entry of one, as `path` names it.
        stack: the stack's name.
        value: what to set; of a secret none, so that the command asks for it, and the secret stays
            out of the shell's history.
        secret: it is a secret.
    """
    words = ["pulumi config", verb]
    words += ["--secret"] if secret else []
    words += ["--path"] if "." in where or "[" in where else []
    words += [shlex.quote(where), *([value] if value and not secret else []), f"-s {stack}"]
    return " ".join(words)


def field_at(place: Place) -> FieldInfo | None:
    """The field that declares the key which a place is, or is in; None if there is none."""
    fields, found = top_level(), None
    for part in place:
        found = fields.get(str(part))
        inner = keys_in(found) if found else None
        if inner is None:
            return found
        fields = fields_of(inner)
    return found


def count(problems: Collection[str]) -> str:
    """How many problems there are, in words."""
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def _key_part(place: Place) -> Place:
    fields: Mapping[str, FieldInfo] | None = top_level()
    for number, part in enumerate(place):
        if fields is None:
            return place[:number]
        field = fields.get(str(part))
        inner = keys_in(field) if field else None
        fields = fields_of(inner) if inner else None
    return place


def _value(given: Any, place: Place) -> Any:
    for part in place:
        if not isinstance(given, dict | list):
            return ""
        given = given.get(part, "") if isinstance(given, dict) else given[int(part)]
    return given


def _shown(given: Mapping[str, Any], place: Place, where: str) -> str:
    field = field_at(place)
    # What is no key may be a secret that landed in the wrong place.
    if field is None or is_secret(field):
        return f"{where} is '[secret]'"
    value = _value(given, place)
    if isinstance(value, dict | list):
        return f"{where} is {'an object' if isinstance(value, dict) else 'a list'}"
    return f"{where} is {value!r}"


def _allowed(error: Any, field: FieldInfo | None) -> str:
    kind, inner = error["type"], keys_in(field) if field else None
    if inner is not None:
        return f"must be an object of {', '.join(fields_of(inner))}"
    if field and is_list(field) and kind in ("tuple_type", "list_type"):
        return "must be a list of texts"
    if field and is_object(field) and kind == "dict_type":
        return "must be an object of names and texts"
    if kind in ("too_short", "string_too_short"):
        least = error["ctx"]["min_length"]
        return f"must have at least {least} character{'s' if least > 1 else ''}"
    message: str = error["msg"]
    return _IN_YAML.get(kind, message[:1].lower() + message[1:])


def _change(where: str, place: Place, given: Mapping[str, Any], stack: str) -> str:
    field = field_at(place)
    inner = keys_in(field) if field else None
    if inner is not None:
        moved = MOVED.get(where, "")
        first = moved or f"{where}.{next(iter(fields_of(inner)))}"
        return (
            f"`{command('rm', where, stack)}`, then for example "
            f"`{command('set', first, stack, value=_word(_value(given, place)))}`"
        )
    at_entry = len(place) > len(_key_part(place))
    if field and not at_entry and (is_list(field) or is_object(field)):
        entry = f"{where}[0]" if is_list(field) else f'{where}["NAME"]'
        set_it = command("set", entry, stack, value="VALUE", secret=is_secret(field))
        return f"`{command('rm', where, stack)}`, then `{set_it}`"
    secret = field is not None and is_secret(field)
    return f"change it with `{command('set', where, stack, value='VALUE', secret=secret)}`"


def _word(value: Any) -> str:
    return shlex.quote(value) if isinstance(value, str) and value else "VALUE"


def _unknown(place: Place, value: Any, stack: str) -> str:
    *above, name = (str(part) for part in place)
    where = ".".join((*above, name))
    # One name with dots in it is what `pulumi config set` makes without --path.
    remove = (
        f"pulumi config rm {shlex.quote(where)} -s {stack}"
        if not above
        else command("rm", where, stack)
    )
    if not above and name in all_keys():
        return (
            f"{name} was set as one name: `{remove}`, and then "
            f"`{command('set', name, stack, value='VALUE')}`"
        )
    if not above and name in MOVED:
        return f"{name} is called {MOVED[name]} now: {_moving(name, value, stack)}"
    close = _closest(where, above)
    hint = f"did you mean {close}? Otherwise remove" if close else "remove"
    return f"{where} is no config key of this program: {hint} it with `{remove}`"


def _moving(name: str, value: Any, stack: str) -> str:
    new, remove = MOVED[name], f"`pulumi config rm {name} -s {stack}`"
    field = all_keys()[new]
    if name in SAYS:
        return f"{SAYS[name]}; {remove}"
    if is_list(field) or is_object(field):
        return f"write what it holds below {new} in the stack's file, and remove it: {remove}"
    shown = "" if is_secret(field) or isinstance(value, dict | list) else _word(str(value))
    set_it = command("set", new, stack, value=shown or "VALUE", secret=is_secret(field))
    return f"`{set_it}`, and {remove}"


def _closest(where: str, above: Sequence[str]) -> str:
    paths = [*all_keys(), *top_level()]
    last = where.rpartition(".")[2]
    beside = [key for key in paths if key.rpartition(".")[0] == ".".join(above)]
    for candidates in (beside, paths):
        close = difflib.get_close_matches(where, candidates, n=1, cutoff=0.6)
        if close:
            return close[0]
    close = difflib.get_close_matches(last, MOVED, n=1, cutoff=0.8)
    if close and not above:
        return MOVED[close[0]]
    # The right name in the wrong place.
    return next((key for key in paths if key.rpartition(".")[2].lower() == last.lower()), "")
