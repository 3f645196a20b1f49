"""The system checks that a project brings, of which each error ends a build."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .project_files import files_named

_SERIOUS = {"Critical", "Error"}


def own_checks(root: Path) -> dict[str, str]:
    """The ids of the errors that a project's own system checks know, each with its file."""
    found: dict[str, str] = {}
    for file in files_named(root, "*.py"):
        text = file.read_text(encoding="utf-8", errors="replace")
        if "django.core" in text and "checks" in text:
            where = file.relative_to(root).as_posix()
            found |= dict.fromkeys(_ids(text), where)
    return found


def _ids(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _SERIOUS:
            said = [k.value for k in node.keywords if k.arg == "id"]
            yield from (str(value.value) for value in said if isinstance(value, ast.Constant))
