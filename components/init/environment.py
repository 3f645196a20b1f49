"""Which variables settings can't be without, told from their text."""

import ast
import re
from collections.abc import Iterator, Sequence

_ENVIRON = ("os.environ", "environ")
_ASKS = ("os.getenv", "getenv", *(f"{whole}.{ask}" for whole in _ENVIRON for ask in ("get", "pop")))
# `env` of django-environ and environs, `config` of python-decouple.
_READERS = {"env", "config"}
# What methods of django-environ read that are given no name.
_UNNAMED = {
    **dict.fromkeys(("cache", "cache_url"), "CACHE_URL"),
    **dict.fromkeys(("email", "email_url"), "EMAIL_URL"),
    "search_url": "SEARCH_URL",
}


def required(trees: Sequence[ast.Module]) -> set[str]:
    """The variables that are read, and have no other value.

    Args:
        trees: the modules that settings are made of.
    """
    nodes = [node for tree in trees for node in ast.walk(tree)]
    readers = {*_READERS, *(name for node in nodes for name in _readers(node))}
    found = {name for node in nodes for name in (_subscripted(node), _called(node, readers))}
    return found - {name for node in nodes for name in _spared(node)} - {""}


def _readers(node: ast.AST) -> Iterator[str]:
    """What is called to read a variable: environ.Env(), and functions of the project's own."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        if ast.unparse(node.value.func).endswith("Env"):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.FunctionDef) and len(node.args.args) == 1:
        name = node.args.args[0].arg
        if any(ast.unparse(n) in [f"{e}[{name}]" for e in _ENVIRON] for n in ast.walk(node)):
            yield node.name


def _spared(node: ast.AST) -> Iterator[str]:
    """What is looked for before it is read, was written before, or has a default elsewhere."""
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        if function in _ASKS or function.endswith("environ.setdefault"):
            yield from (_constant(argument) for argument in node.args[:1])
        if function.endswith("Env"):
            both = [k for k in node.keywords if isinstance(k.value, ast.Tuple)]
            yield from (k.arg or "" for k in both if len(ast.unparse(k.value).split(",")) > 1)
    elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) in _ENVIRON:
        yield _constant(node.left)
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield _constant(node.slice) if ast.unparse(node.value) in _ENVIRON else ""


def _subscripted(node: ast.AST) -> str:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return ""
    return _constant(node.slice) if ast.unparse(node.value) in _ENVIRON else ""


def _called(node: ast.AST, readers: set[str]) -> str:
    if not isinstance(node, ast.Call) or len(node.args) > 1 or _has_default(node):
        return ""
    reader, _, method = ast.unparse(node.func).partition(".")
    if reader not in readers:
        return ""
    return _constant(node.args[0]) if node.args else _UNNAMED.get(method, "")


def _has_default(call: ast.Call) -> bool:
    return any(keyword.arg in (None, "default") for keyword in call.keywords)


def _constant(node: ast.expr) -> str:
    text = node.value if isinstance(node, ast.Constant) else ""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Z_][A-Z0-9_]*", text) else ""
