"""Which of a project's management commands look like they fill an empty database."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from .project_files import files_named

_LIKE_A_SEED = re.compile(
    r"^(?:seed|create|populate|init|initial|setup|bootstrap|ensure|load)(?:_|$)|^seed"
)
_FOR_DEVELOPERS = re.compile(r"test|demo|fake|dummy|sample|dev|random|backup|dump|migration")
_IDEMPOTENT = re.compile(r"get_or_create|update_or_create|\.exists\(|ignore_conflicts|unchanged")


@dataclass(frozen=True)
class Seeds:
    """The commands.

    Attributes:
        sure: those that can run as they are, in order.
        perhaps: those of which somebody has to say whether, and in which order, they run.
    """

    sure: tuple[str, ...]
    perhaps: tuple[str, ...]


def find_seeds(root: Path, *, cache_table: bool) -> Seeds:
    """Look at the names of commands, and at their texts.

    Args:
        root: the project's folder.
        cache_table: the settings have a cache in the database.
    """
    known = ("createcachetable",) if cache_table else ()
    files = [file for file in files_named(root, "*.py") if _is_command(file)]
    like = [file for file in files if _looks_like_one(file)]
    # Of several nobody knows the order but their author; of one that does not look whether its work
    # is done, whether it may run twice.
    if len(like) == 1 and _IDEMPOTENT.search(_text(like[0])):
        return Seeds((*known, like[0].stem), ())
    return Seeds(known, tuple(file.stem for file in like))


def _is_command(file: Path) -> bool:
    return file.parent.name == "commands" and file.parent.parent.name == "management"


def _looks_like_one(file: Path) -> bool:
    name = file.stem
    if not _LIKE_A_SEED.search(name) or _FOR_DEVELOPERS.search(name):
        return False
    return not _asks_for_arguments(_text(file))


def _asks_for_arguments(text: str) -> bool:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return any(_is_required(node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_required(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_argument":
        return False
    said = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    first = call.args[0] if call.args else None
    name = str(first.value) if isinstance(first, ast.Constant) else ""
    return bool(said.get("required")) or (
        not name.startswith("-") and said.get("nargs") not in ("?", "*")
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
