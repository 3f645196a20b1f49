"""What the keys about the project's own settings may say together: DEBUG, placeholders, databases.

Each function returns what `Settings` raises: the key to change, what is wrong, and what to do.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath

from deploy_runtime.errors import FALSE, TRUE
from deploy_runtime.placeholders import ESCAPE, VARIABLES, used

from ..inside import DATA
from .messages import conflict, path

LONGEST = 120_000
"""Bytes of a variable: Linux takes 128 KB, its name included."""
_OFF = {"1": "0", "true": "false", "yes": "no", "on": "off"}


def problems(
    *,
    debug: bool,
    environment: Mapping[str, str],
    secrets: Collection[str],
    seed_steps: Sequence[str],
) -> Iterator[ValueError]:
    """What is wrong with how DEBUG is spelled, with placeholders, and with what is too long.

    Args:
        debug: the key of that name.
        environment: the key of that name.
        secrets: the names in secrets.
        seed_steps: the key of that name.
    """
    return chain(
        _debug(debug, environment),
        _placeholders(seed_steps, {*VARIABLES, *environment, *secrets}),
        _too_long(seed_steps, environment),
    )


def debug_variable(on: bool, environment: Mapping[str, str]) -> str:
    """The variable DEBUG: True or False, or as the project spells it.

    Args:
        on: what it has to say.
        environment: the key of that name, checked.
    """
    given = environment.get("DEBUG")
    if given is None:
        return str(on)
    if _truth(given) == on:
        return given
    # While the image is built it is off, also where `app.debug` is on.
    other = _OFF[given.strip().lower()]
    return other.upper() if given.isupper() else other.title() if given.istitle() else other


def _truth(text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _debug(debug: bool, environment: Mapping[str, str]) -> Iterator[ValueError]:
    given = environment.get("DEBUG")
    if given is None or _truth(given) == debug:
        return
    where = path("env", "DEBUG")
    key = f"app.debug is {str(debug).lower()}"
    if _truth(given) is None:
        problem = f"is {given!r}, which is neither a yes nor a no, but {key}"
        choice = "spell it as 1, true, yes or on; 0, false, no, off or nothing"
    else:
        problem = f"is {given!r}, but {key}, which decides: the variable may only spell it"
        choice = f"`pulumi config set --path app.debug {str(not debug).lower()} -s STACK`"
    yield conflict(
        where, problem, f"{choice}; or remove it: `pulumi config rm --path '{where}' -s STACK`"
    )


def _placeholders(steps: Sequence[str], known: Collection[str]) -> Iterator[ValueError]:
    for number, step in enumerate(steps):
        where = path("seed", number)
        change = f"change it with `pulumi config set --path '{where}' STEP -s STACK`"
        try:
            unknown = [name for name in used(step) if name not in known]
        except ValueError as error:
            yield conflict(where, f"is {step!r}, but {error}", f"{ESCAPE}; {change}")
            continue
        if unknown:
            allowed = ", ".join(f"{{{name}}}" for name in VARIABLES)
            more = ", ".join(f"{{{name}}}" for name in sorted(set(known) - {*VARIABLES}))
            yield conflict(
                where,
                f"is {step!r}, but no placeholder is called {' or '.join(unknown)}",
                f"there are {allowed}, and the names in env and secrets"
                f"{f' ({more})' if more else ''}. {ESCAPE[0].upper()}{ESCAPE[1:]}; {change}",
            )


def _too_long(steps: Sequence[str], environment: Mapping[str, str]) -> Iterator[ValueError]:
    handed = {"seed": json.dumps(list(steps))}
    handed |= {path("env", name): value for name, value in environment.items()}
    for where, text in handed.items():
        size = len(text.encode())
        if size > LONGEST:
            yield conflict(
                where,
                f"has {size:,} bytes, but is handed over in one variable, and Linux takes no more "
                f"than {LONGEST:,}",
                "put what is long into a file of the project's, and the file's name here",
            )


def lost_files(
    files: Mapping[str, str], *, volumes: Collection[str], sqlite: bool
) -> Iterator[ValueError]:
    """SQLite files of further aliases that no volume keeps.

    Args:
        files: the paths, by alias.
        volumes: the folders in the container that volumes of the user's are mounted at.
        sqlite: the site's own database is a SQLite file, so that there is a volume for it.
    """
    kept = [*volumes, *([DATA] if sqlite else [])]
    for alias, file in files.items():
        if any(PurePosixPath(file).is_relative_to(folder) for folder in kept):
            continue
        where = path("databases", alias)
        choice = f"put it below {' or '.join(kept)}" if kept else "name a volume for it in volumes"
        yield conflict(
            where,
            f"is a SQLite file that no volume keeps, {file}: each release would start without it",
            f"{choice}; `pulumi config set --secret --path '{where}' -s STACK` asks for it",
        )
