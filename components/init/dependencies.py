"""Where a project declares its dependencies, if not where the program looks by itself."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.messages import command
from ..image.project import exports

_NOT_SERVING = re.compile(r"dev|test|local|lint|doc|ci\b|debug|build")


@dataclass(frozen=True)
class Elsewhere:
    """What is to be done for dependencies to be found.

    Attributes:
        why: in words, for people.
        remedy: the command that has them found; "" if somebody has to say where they are.
    """

    why: str
    remedy: str


def only_file(root: Path, python_path: str) -> str:
    """The one file that looks like a project's requirements; "" if there is none, or several.

    Args:
        root: the project's folder.
        python_path: the folder inside it that modules import from.
    """
    found = _files(root, python_path)
    return found[0] if len(found) == 1 else ""


def elsewhere(root: Path, python_path: str, stack: str) -> Elsewhere:
    """How dependencies that were not found are."""
    for name, export in exports(root, python_path):
        return Elsewhere(f"{name} has to be exported first", f"(cd {root} && {export})")
    files = _files(root, python_path)
    if files:
        choose = command("set", "app.requirements", stack, value="FILE")
        return Elsewhere(f"which of {', '.join(files)} is it?", choose)
    return Elsewhere("none were found", f"(cd {root} && pip freeze > requirements.txt)")


def other_tools_names(root: Path) -> set[str]:
    """The distributions that files of Poetry and Pipenv require, in lower case."""
    poetry = _toml(root / "pyproject.toml").get("tool", {}).get("poetry", {})
    pipenv = _toml(root / "Pipfile")
    found = [*poetry.get("dependencies", {}), *pipenv.get("packages", {})]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def _files(root: Path, python_path: str) -> list[str]:
    patterns = ("requirements*.txt", "requirements/*.txt", "reqs/*.txt")
    folders = dict.fromkeys(("", python_path))
    files = [file for folder in folders for p in patterns for file in (root / folder).glob(p)]
    return sorted(
        file.relative_to(root).as_posix() for file in files if not _NOT_SERVING.search(file.stem)
    )


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
