"""What is said of a stack's config that is wrong: key, value, what is allowed, and what to do."""

import difflib
import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..errors import UserError


class ConfigError(UserError):
    """One or more config keys are missing, unknown, of the wrong type or inconsistent."""


# What pydantic calls the name of an entry, in the place of an error.
_NAME = "[key]"
# In a remedy, it becomes the stack that the config is of.
_STACK = "-s STACK"


class _ConflictError(ValueError):
    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.key, self.problem, self.remedy = key, problem, remedy


def conflict(key: str, problem: str, remedy: str) -> ValueError:
    """Keys that contradict each other: the one to change, what is wrong with it, what to do.

    In what is to be done, `-s STACK` becomes the stack's name.
    """
    return _ConflictError(key, problem, remedy)


def explain(
    error: Any,
    raw: Mapping[str, str],
    stack: str,
    *,
    keys: Collection[str],
    secret: Collection[str],
) -> str:
    """What is wrong with a config value, and what to do, in one line.

    Args:
        error: one of a `ValidationError`'s.
        raw: the config values as they were given.
        stack: the stack's name.
        keys: every config key.
        secret: those whose values are never shown.
    """
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, _ConflictError):
        return f"{cause.key} {cause.problem}: {cause.remedy.replace(_STACK, f'-s {stack}')}"
    key, *inner = error["loc"]
    if error["type"] == "extra_forbidden":
        return _explain_unknown(key, stack, keys)
    if error["type"] == "missing":
        return f"{key} is missing: set it with `pulumi config set {key} VALUE -s {stack}`"
    message = str(cause) if cause else error["msg"][:1].lower() + error["msg"][1:]
    where = path(key, *(part for part in inner if part != _NAME))
    if inner[-1:] == [_NAME]:
        # The name is wrong, whatever its value is.
        remedy = f"remove it with `pulumi config rm {_words(where)} -s {stack}`"
        return f"{where} {message}; {remedy}"
    shown = "[secret]" if key in secret else _value(raw.get(key, ""), inner)
    return f"{where} is {shown!r}: {message}; {_setting(where, stack, secret=key in secret)}"


def path(key: str, *inner: str | int) -> str:
    """A config key, or an entry of one, as `pulumi config --path` names it."""
    return key + "".join(f"[{json.dumps(part)}]" for part in inner)


def _words(where: str) -> str:
    return f"--path {shlex.quote(where)}" if "[" in where else where


def _value(text: str, inner: Sequence[str | int]) -> object:
    if not inner:
        return text
    value = json.loads(text)
    for part in inner:
        value = value[part]
    return value


def _setting(where: str, stack: str, *, secret: bool) -> str:
    # Without a value the command asks for it: a secret stays out of the shell's history.
    words = f"--secret {_words(where)}" if secret else f"{_words(where)} VALUE"
    return f"change it with `pulumi config set {words} -s {stack}`"


def _explain_unknown(key: str, stack: str, keys: Collection[str]) -> str:
    close = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}? Otherwise remove" if close else "remove"
    remedy = f"{hint} it with `pulumi config rm {key} -s {stack}`"
    return f"{key} is no config key of this program: {remedy}"


def count(problems: Collection[str]) -> str:
    """How many problems there are, in words."""
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
