"""Seed steps: management commands by their command lines. Reading them, and checking them."""

import difflib
import json
import shlex
from collections.abc import Mapping, Sequence

from .environment import masked
from .errors import DeployError
from .explain import explain
from .placeholders import resolve, used


def words_from(environ: Mapping[str, str], variable: str) -> list[str]:
    """A JSON list of strings from an environment variable; nothing is an empty list.

    Raises:
        DeployError: it is something else.
    """
    text = environ.get(variable, "").strip()
    try:
        value = json.loads(text) if text else []
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DeployError(f'{variable} is {text!r}: use a JSON list of strings, such as ["a", "b"]')
    return value


def split(step: str) -> list[str]:
    """A step's words.

    Raises:
        DeployError: its quotes don't match, or it is empty.
    """
    try:
        words = shlex.split(step)
    except ValueError as error:
        raise DeployError(f"the seed step {step!r} can't be read: {error}") from None
    if not words:
        raise DeployError("a seed step is empty: each names a management command")
    return words


def resolved(step: str, environ: Mapping[str, str]) -> list[str]:
    """A step's words with the values of its placeholders.

    Raises:
        DeployError: it can't be read, or a placeholder has no value.
    """
    return [resolve(word, environ) for word in split(step)]


def check(steps: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
    """Are all steps management commands of the project that accept their arguments?

    Django must be set up; no database is asked.

    Args:
        steps: their command lines.
        environ: has the values of placeholders; without it, arguments that hold some are unknown.

    Raises:
        DeployError: some are not; all of them are named.
    """
    problems = [problem for step in steps if (problem := _problem(step, environ))]
    if problems:
        raise DeployError("\n".join(["seed steps that can't run (seed):", *problems]))


def check_names(names: Sequence[str]) -> None:
    """Are all of these management commands of the project? Of their arguments nothing is known.

    Django must be set up; no database is asked.

    Raises:
        DeployError: some are not; all of them are named.
    """
    from django.core.management import get_commands

    commands = get_commands()
    problems = []
    for name in names:
        if name not in commands:
            problems.append(_unknown(name, commands))
        elif problem := _unloadable(name, commands[name]):
            problems.append(problem)
    if problems:
        raise DeployError("\n".join(["seed steps that can't run (seed):", *problems]))


def _problem(step: str, environ: Mapping[str, str] | None) -> str | None:
    from django.core.management import get_commands, load_command_class
    from django.core.management.base import CommandError

    known = environ is not None or not any(used(step))
    name, *arguments = resolved(step, environ or {}) if known else split(step)
    commands = get_commands()
    if name not in commands:
        return _unknown(name, commands)
    try:
        app = commands[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        parser = command.create_parser("manage.py", name)
        if known:
            parser.parse_args(arguments)
    except (CommandError, SystemExit) as error:
        return f"  {step!r}: {masked(str(error))}"
    except Exception as error:
        return f"  {name!r} can't be loaded: {explain(error)}"
    return None


def _unloadable(name: str, app: object) -> str | None:
    from django.core.management import load_command_class

    try:
        if isinstance(app, str):
            load_command_class(app, name)
    except Exception as error:
        return f"  {name!r} can't be loaded: {explain(error)}"
    return None


def _unknown(name: str, commands: Mapping[str, object]) -> str:
    return f"  {name!r} is no management command of the project{_suggestion(name, commands)}"


def _suggestion(name: str, commands: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, commands, n=2)
    if close:
        return f": did you mean {' or '.join(close)}?"
    own = sorted(n for n, app in commands.items() if not str(app).startswith("django."))
    return f"; it has {', '.join(own[:20])}" if own else "; it has none of its own"
