"""What a person types to have this program do something: installed, it has no Makefile."""

import subprocess

PROGRAM = __name__.partition(".")[0]
"""The package that this is installed as."""

INSTALLED = PROGRAM != "components"
"""The program is an installed package, and not a checkout."""

ACTIVATE = f'eval "$(python -m {PROGRAM} env)"' if INSTALLED else "source ./activate"
"""What a shell runs once, before plain pulumi."""


def typed(command: str, stack: str = "", **options: str) -> str:
    """A command that gets what is missing, or looks after a site.

    Args:
        command: its name, as `recover`.
        stack: the stack that it is for; "" for none.
        options: further ones with their values, as ``backup``.
    """
    given = {**({"stack": stack} if stack else {}), **options}
    if not INSTALLED:
        return " ".join([f"make {command}", *(f"{k.upper()}={v}" for k, v in given.items())])
    # What an installed program calls `env` is what `source ./activate` asks for.
    command = "prepare" if command == "env" else command
    words = (f"--{name.replace('_', '-')} {value}" for name, value in given.items())
    return " ".join([f"python -m {PROGRAM} {command}", *words])


def manage(line: str) -> str:
    """A management command that is run by hand in the serving release."""
    return f"{typed('manage')} -- {line}" if INSTALLED else f'make manage CMD="{line}"'


def steps_find_it() -> bool:
    """Steps, which are run by the first python3 on PATH, find the program that runs here."""
    if not INSTALLED:
        return True
    try:
        asked = ["python3", "-c", f"import {PROGRAM}"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def run_module(name: str, *words: str) -> str:
    """A command that is a module of its own, by its name below the package."""
    return " ".join([f"python3 -m {PROGRAM}.{name}", *words])
