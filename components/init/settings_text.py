"""What a settings module's text says, without it being run: what it reads, and its database."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..config.reserved_variables import RESERVED
from . import environment

_FILE = re.compile(r"[\w-][\w./-]*\.(?:env|ini|json|key|pem|toml|ya?ml)")
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
    return sorted(environment.required(trees) - _SUPPLIED)


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


def default_engine(trees: Sequence[ast.Module]) -> str:
    """The engine of the default database, where the settings write it out; else "".

    Args:
        trees: the settings; of those that say something of it the first one counts.
    """
    for tree in trees:
        said = [value for statement in tree.body for value in _default_database(statement)]
        if said:
            engine = _entry(said[-1], "ENGINE")
            return str(engine.value) if isinstance(engine, ast.Constant) else ""
    return ""


def databases_in_the_source(trees: Sequence[ast.Module]) -> list[str]:
    """The further aliases of DATABASES that are SQLite files beside the source."""
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and _is_named(statement, "DATABASES"):
                return sorted(_in_the_source(statement.value))
    return []


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


def _default_database(statement: ast.stmt) -> Iterator[ast.expr]:
    if not isinstance(statement, ast.Assign):
        return
    if _is_named(statement, "DATABASES"):
        yield _entry(statement.value, "default") or statement.value
    if any(ast.unparse(t) == "DATABASES['default']" for t in statement.targets):
        yield statement.value


def _in_the_source(databases: ast.expr) -> Iterator[str]:
    if not isinstance(databases, ast.Dict):
        return
    for key, value in zip(databases.keys, databases.values, strict=True):
        alias = key.value if isinstance(key, ast.Constant) else "default"
        engine, name = _entry(value, "ENGINE"), _entry(value, "NAME")
        if alias == "default" or not isinstance(engine, ast.Constant) or name is None:
            continue
        elsewhere = isinstance(name, ast.Constant) and str(name.value).startswith((":", "/"))
        if str(engine.value).endswith("sqlite3") and not elsewhere:
            yield str(alias)


def _is_named(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)


def _entry(node: ast.expr, key: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    for name, value in zip(node.keys, node.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == key:
            return value
    return None
