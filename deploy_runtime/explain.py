"""What an exception in a project's code means, and what to do, instead of a wall of stack trace."""

import os
import re
import sys
import traceback
from pathlib import Path

from .environment import masked
from .remedies import remedy_for

_LIBRARY = Path(os.__file__).resolve().parent
_PACKAGE = Path(__file__).resolve().parent
_FRAMES = 3
_LINES = 6
# What a variable's name tells of its value.
_SECRET = re.compile(
    r"(?i)SECRET|PASSW|TOKEN|CREDENTIAL|PRIVATE|DSN|SIGNATURE|SALT|(?:^|_)KEY(?:_|$)"
)


def explain(error: BaseException) -> str:
    """An exception's last lines, a remedy if one is known, and where in the project it came from.

    Args:
        error: the exception, with its traceback.
    """
    lines = last_lines(error)
    # Libraries wrap what went wrong: logging hides the file that can't be written, for example.
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += ["", "because of:", *last_lines(cause)]
    hint = remedy(error) or (remedy(cause) if cause else None)
    if hint:
        lines += ["", f"What to do: {hint}"]
    frames = project_frames(error)
    if frames:
        lines += ["", "in the project's code:", *frames]
    return masked("\n".join(lines))


def last_lines(error: BaseException) -> list[str]:
    """The exception's own text, without the stack."""
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    lines = text.splitlines()
    if len(lines) > _LINES:
        return [*lines[:_LINES], "…"]
    return lines


def project_frames(error: BaseException) -> list[str]:
    """The last few places in the project's own code, innermost last."""
    found = []
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_project(frame.filename):
            found.append(f"  {frame.filename}:{frame.lineno}: {frame.line}")
    return found[-_FRAMES:]


def _is_project(filename: str) -> bool:
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not {_LIBRARY, _PACKAGE} & set(path.parents)


def remedy(error: BaseException) -> str | None:
    """What to do about the mistakes that deployments make most often."""
    lacks = missing(error)
    if lacks:
        return remedy_of(lacks)
    classes = {of.__name__ for of in type(error).__mro__}
    named = {"filename": error.filename} if isinstance(error, OSError) and error.filename else {}
    return remedy_for(str(error), classes, **named)


def _set(variable: str) -> str:
    # Without a value the command asks for it: a secret stays out of the shell's history.
    if _SECRET.search(variable):
        return f"`pulumi config set --secret --path secrets.{variable} -s STACK`"
    return f"`pulumi config set --path env.{variable} VALUE -s STACK`"


def missing(error: BaseException) -> tuple[str, str] | None:
    """What an error says the project misses: "variable" or "module", and its name."""
    variable = _missing_variable(error)
    if variable:
        return "variable", variable
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        # Of a package that is there, a part is missing, which nothing installs.
        return "module", error.name if package in sys.modules else package
    return None


def remedy_of(lacks: tuple[str, str]) -> str:
    """What to do about something that the project misses.

    Args:
        lacks: as of `missing`.
    """
    kind, name = lacks
    if kind == "variable":
        return f"the project needs the environment variable {name}: {_set(name)}"
    if "." in name:
        return (
            f"there is no module {name!r}: correct the name where it is imported, or add the file"
        )
    return (
        f"there is no module {name!r}: add what installs {name!r} to the project's dependencies, "
        "or correct the name where it is imported"
    )


def _missing_variable(error: BaseException) -> str | None:
    text = str(error)
    if isinstance(error, KeyError) and error.args:
        innermost = traceback.extract_tb(error.__traceback__)[-1:]
        # The module os is frozen into newer Pythons, and has no file there.
        in_environ = any(f.filename.endswith(("os.py", "<frozen os>")) for f in innermost)
        return str(error.args[0]) if in_environ else None
    # django-environ; python-decouple; environs and others that follow their wording.
    for pattern in (
        r"Set the (\w+) environment variable",
        r"^(\w+) not found\. Declare it as envvar",
        r'Environment variable "(\w+)" (?:not set|invalid)',
    ):
        match = re.search(pattern, text)
        if match:
            return match[1]
    return None
