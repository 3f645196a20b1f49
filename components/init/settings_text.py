"""What a settings module's text says, without it being run: what it reads, and its database."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..config.reserved_variables import RESERVED

_FILE = re.compile(r"[\w-][\w./-]*\.(?:env|ini|json|key|pem|toml|ya?ml)")
# `env` of django-environ and environs, `config` of python-decouple.
_READERS = {"env", "config"}
_SUPPLIED = {*RESERVED, "DJANGO_SECRET_KEY", "HOME"}


def trees_of(folder: Path, module: str) -> list[ast.Module]:
    """A module and those of the project that it takes everything from, parsed, itself first.

    Args:
        folder: the folder that modules import from.
        module: its dotted name.
    """
    found: dict[str, ast.Module] = {}
    pending = [module]
    while pending:
        name = pending.pop()
        file = _file(folder, name)
        if name in found or file is None:
            continue
        found[name] = _parsed(file)
        pending += list(_taken_over(found[name], name, is_package=file.name == "__init__.py"))
    return [*found.values()]


def required_variables(trees: Sequence[ast.Module]) -> list[str]:
    """The variables without which the settings can't be imported, but for what is supplied."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    found = {name for node in nodes for name in (_subscripted(node) or _called(node),) if name}
    return sorted(found - _SUPPLIED)


def missing_files(trees: Sequence[ast.Module], root: Path, folder: Path) -> list[str]:
    """The files that the settings name, and that are not there: secrets, for the most part.

    Args:
        trees: the settings.
        root: the project's folder.
        folder: the folder that its modules import from.
    """
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = (text for text in texts if _FILE.fullmatch(text) and "/" in text)
    return sorted(n for n in named if not (root / n).exists() and not (folder / n).exists())


def default_engine(tree: ast.Module) -> str:
    """The engine of the default database, where the settings write it out; else ""."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and _is_named(statement, "DATABASES"):
            default = _entry(statement.value, "default")
            engine = _entry(default, "ENGINE") if default else None
            if isinstance(engine, ast.Constant):
                return str(engine.value)
    return ""


def names(trees: Sequence[ast.Module], text: str) -> bool:
    """The settings hold this text."""
    return any(
        isinstance(node, ast.Constant) and node.value == text
        for tree in trees
        for node in ast.walk(tree)
    )


def is_on(trees: Sequence[ast.Module], setting: str) -> bool:
    """The first of the modules that say something of a setting turns it on."""
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and _is_named(statement, setting):
                value = statement.value
                return isinstance(value, ast.Constant) and value.value is True
    return False


def _file(folder: Path, module: str) -> Path | None:
    path = folder.joinpath(*module.split("."))
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        # The build says what is wrong with it.
        return ast.Module(body=[], type_ignores=[])


def _taken_over(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[str]:
    above = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            start = above[: len(above) - node.level + 1] if node.level else []
            yield ".".join([*start, *([node.module] if node.module else [])])


def _subscripted(node: ast.AST) -> str:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return ""
    whole = ast.unparse(node.value)
    return _constant(node.slice) if whole in ("os.environ", "environ") else ""


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call) or len(node.args) != 1 or _has_default(node):
        return ""
    reader = ast.unparse(node.func)
    return _constant(node.args[0]) if reader.partition(".")[0] in _READERS else ""


def _has_default(call: ast.Call) -> bool:
    return any(keyword.arg in (None, "default") for keyword in call.keywords)


def _constant(node: ast.expr) -> str:
    text = node.value if isinstance(node, ast.Constant) else ""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Z_][A-Z0-9_]*", text) else ""


def _is_named(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)


def _entry(node: ast.expr, key: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    for name, value in zip(node.keys, node.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == key:
            return value
    return None
