"""`python -m django_on_docker init [PATH] [--settings MODULE]`."""

import argparse
import sys
from pathlib import Path

from ..errors import UserError
from ..own_commands import ACTIVATE, PROGRAM
from .files import FOLDER, name_of, refuse_if_there, write
from .findings import Findings, look


def main() -> None:
    """Write what deploys the project that the command line names, and say why it is like that."""
    parser = argparse.ArgumentParser(prog=f"python -m {PROGRAM} init")
    parser.add_argument("path", nargs="?", default=".", help="the project's folder")
    parser.add_argument("--settings", default="", help="its settings module for production")
    options = parser.parse_args()
    try:
        init(Path(options.path), settings=options.settings)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        if "nothing was written" not in str(error):
            print("  nothing was written", file=sys.stderr)
        sys.exit(1)


def init(path: Path, *, settings: str = "") -> None:
    """Look at a project, write the folder `deploy` in it, and print what was found.

    Args:
        path: the project's folder.
        settings: its settings module for production; "" finds it.

    Raises:
        UserError: nothing was written.
    """
    root = path.resolve()
    if not root.is_dir():
        raise UserError(f"there is no folder {root}: nothing was written")
    refuse_if_there(root)
    found = look(root, settings=settings)
    print(f"Looked at {root}:\n")
    for subject, what in found.lines():
        print(f"  {subject:<13}{what}")
    files = [str(file.relative_to(root)) for file in write(root, found)]
    print(f"\nWrote {', '.join(files)}; nothing else was changed.\n")
    print(_next(root, found))


def _next(root: Path, found: Findings) -> str:
    stack = name_of(root)
    needed = found.remedies(stack)
    commands = [f"cd {root / FOLDER}"]
    if needed:
        prepared = [f"python -m {PROGRAM} prepare", ACTIVATE, f"pulumi stack init {stack}"]
        commands += [*prepared, *needed, "pulumi up"]
    else:
        commands.append(f"python -m {PROGRAM} up")
    return "\n".join(["Next:", "", *(f"  {command}" for command in commands)])
