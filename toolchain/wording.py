"""What a person types: `make` in a checkout, else the installed program's own commands."""

from __future__ import annotations

from . import paths

ACTIVATE: str = paths.program("own_commands").ACTIVATE


def typed(command: str, stack: str = "", **options: str) -> str:
    """A command as it is typed here, such as `make up STACK=shop`.

    Args:
        command: its name in the Makefile.
        stack: the stack that it is for; "" for none.
        options: further ones with their values.
    """
    text: str = paths.program("own_commands").typed(command, stack, **options)
    return text


def manage(line: str) -> str:
    """A management command as it is typed here."""
    text: str = paths.program("own_commands").manage(line)
    return text
