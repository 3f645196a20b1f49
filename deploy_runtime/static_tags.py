"""Literal `{% static 'x' %}` tags in the project's templates that name no collected file."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_LARGEST = 1_000_000  # bytes; nobody writes longer templates by hand


class Missing(NamedTuple):
    """A tag that would fail when its page is shown."""

    template: str
    line: int
    name: str


def missing() -> list[Missing] | None:
    """The tags that name no file of the manifest; None if the storage keeps no manifest.

    Only the project's own templates are read, not those of installed packages. CSS files need no
    second look: a storage with a manifest fails on their references while it collects.
    """
    from django.contrib.staticfiles.storage import staticfiles_storage

    if not hasattr(staticfiles_storage, "manifest_name"):
        return None
    return [
        Missing(str(path), line, name)
        for path in templates()
        for line, name in literals(_read(path))
        if not _is_known(staticfiles_storage, name)
    ]


def templates() -> Iterator[Path]:
    """The files in the project's own template folders."""
    for folder in sorted(set(_folders())):
        if not _is_installed(folder):
            yield from (path for path in sorted(folder.rglob("*")) if _may_be_template(path))


def _folders() -> Iterator[Path]:
    from django.template import engines
    from django.template.backends.django import DjangoTemplates

    for engine in engines.all():
        if isinstance(engine, DjangoTemplates):
            yield from (Path(folder) for folder in engine.template_dirs)


def _is_installed(folder: Path) -> bool:
    parts = set(folder.parts)
    own = Path(sys.prefix) in folder.parents
    return bool(parts & {"site-packages", "dist-packages"}) or (own and sys.prefix != "/usr")


def _may_be_template(path: Path) -> bool:
    return path.is_file() and os.stat(path).st_size <= _LARGEST  # noqa: PTH116 - one call


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def literals(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of each static tag whose argument is a literal, outside comments."""
    from django.template.base import Lexer, TokenType

    commented = False
    for token in Lexer(text).tokenize() if "static" in text else ():
        if token.token_type != TokenType.BLOCK:
            continue
        words = token.split_contents()
        if words[:1] == ["comment"]:
            commented = True
        elif words[:1] == ["endcomment"]:
            commented = False
        elif words[:1] == ["static"] and len(words) > 1 and not commented:
            name = _literal(words[1])
            if name:
                yield token.lineno, name


def _literal(word: str) -> str | None:
    if len(word) > 2 and word[0] in "\"'" and word[-1] == word[0] and word[0] not in word[1:-1]:
        return word[1:-1]
    return None


def _is_known(storage: Any, name: str) -> bool:
    look_up = getattr(storage, "strict_name", storage.stored_name)
    try:
        look_up(name.partition("#")[0])
    except ValueError:
        return name.endswith("/")  # a folder: storages leave those unhashed
    return True
