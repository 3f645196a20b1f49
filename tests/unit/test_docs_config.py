"""What pages and messages tell people to type about config names keys that there are."""

import ast
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.host_settings import is_hosts, load_host
from components.config.keys import all_keys, top_level
from components.config.keys.base import is_list, is_object
from components.config.moved_keys import MOVED
from components.config.settings import load
from tests.config_keys import handed_over

PAGES = sorted(
    str(page)
    for page in (
        *map(Path, ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md")),
        *Path("docs").rglob("*.md"),
    )
)
COMMAND = re.compile(r"pulumi config (set|get|rm|rm-all) ([^|&;<\n]+)")
KEPT = re.compile(r"keep [^(]")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
PART = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')
SOURCES = [
    source
    for folder in ("components", "deploy_runtime", "toolchain", "bench")
    for source in sorted(Path(folder).rglob("*.py"))
]
TOLD = re.compile(r"config (?:set|get|rm)\s+((?:--?\w+\s+)*)(?:'([^']+)'|([^\s`'\"]+))")
# What a message fills in when it is said.
HOLE = "HOLE"
NEEDED = {"app": {"path": "../shop", "settings": "shop.settings"}, "data": "create"}


def typed(text: str) -> Iterator[str]:
    """All that a page tells people to type: lines of blocks, and what is in backticks."""
    for _, language, block in FENCE.findall(text):
        if language in ("", "sh"):
            yield from block.splitlines()
    for span in SPAN.findall(FENCE.sub("", text)):
        yield " ".join(span.split())


def commands(text: str) -> Iterator[tuple[str, bool, list[str]]]:
    """The commands about config on a page: whole, with or without --path, and the keys."""
    for line in typed(text):
        # A function of a page's own that hands its first word on as a key.
        if KEPT.match(line):
            yield line, True, shlex.split(line, comments=True)[1:2]
        for verb, rest in COMMAND.findall(line):
            words = shlex.split(rest, comments=True)
            if "-s" in words:
                del words[(at := words.index("-s")) : at + 2]
            named = [word for word in words if not word.startswith("-")]
            keys = [key for key in (named if verb == "rm-all" else named[:1]) if key[:1] != "$"]
            yield f"{verb} {rest}", "--path" in words, keys


def place(key: str) -> list[str | int]:
    """The parts of a key's path, as `pulumi config --path` reads it."""
    return [name or part or int(number) for name, number, part in PART.findall(key)]


def is_key(key: str) -> bool:
    """A key, an object of keys, or an entry of a list or an object."""
    fields = {**top_level(), **all_keys()}
    *above, last = place(key)
    if ".".join(map(str, (*above, last))) in fields:
        return True
    field = fields.get(".".join(map(str, above)))
    if field is None:
        return False
    return is_list(field) if isinstance(last, int) else is_object(field)


def examples(text: str) -> Iterator[dict[str, Any]]:
    """The stack files on a page: what is below `config`."""
    for _, language, block in FENCE.findall(text):
        if language == "yaml" and "config" in (said := yaml.safe_load(textwrap.dedent(block))):
            yield said["config"]


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Config with the keys that every site needs."""
    app = {**NEEDED["app"], **config.get("app", {})}  # type: ignore[dict-item]
    return {**NEEDED, **config, "app": app}


def texts(source: Path) -> Iterator[str]:
    """The texts in a module, each whole, with a hole for what is filled in."""
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    filled = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in filled for part in ast.walk(node) if part is not node}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in parts:
            yield str(node.value)


def told(source: Path) -> Iterator[tuple[str, bool]]:
    """The keys in the commands that a module tells people to type, and whether with --path."""
    for text in texts(source):
        for flags, quoted, plain in TOLD.findall(text):
            key = quoted or plain
            if not key.startswith(HOLE):
                # The name of an entry comes with its quotes, a number has none.
                numbered = key.replace(f"[{HOLE}]", "[0]")
                named = key.replace(f"[{HOLE}]", f'["{HOLE}"]')
                yield numbered if is_key(numbered) else named, "--path" in flags


def test_commands_in_messages_name_keys_that_there_are() -> None:
    found = [(str(source), key, path) for source in SOURCES for key, path in told(source)]
    assert len(found) > 20
    assert not [each for each in found if not is_key(each[1])]
    assert not [each for each in found if (len(place(each[1])) > 1) != each[2]]


@pytest.mark.parametrize("page", PAGES)
def test_commands_on_a_page_name_keys_that_there_are(page: str) -> None:
    for whole, with_path, keys in commands(Path(page).read_text(encoding="utf-8")):
        for key in keys:
            assert is_key(key), f"{page}: {whole}: there is no {key}"
            nested = len(place(key)) > 1
            assert with_path == nested, f"{page}: {whole}: --path is for nested keys alone"


@pytest.mark.parametrize("page", PAGES)
def test_a_stack_file_on_a_page_is_accepted(page: str) -> None:
    for config in examples(Path(page).read_text(encoding="utf-8")):
        if is_hosts(handed_over(config)):
            load_host(handed_over(config), stack="host", file=page)
        else:
            load(handed_over(completed(config)), stack="shop", file=page)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_speaks_of_a_key_of_the_flat_config(page: str) -> None:
    # Outputs are called like two of them; other names are words of everyday language, too.
    gone = {key for key in MOVED if key != key.lower()} - {"adminPassword", "baseImage"}
    if page not in ("CHANGELOG.md", "docs/decisions/0022-nested-config.md"):
        assert not gone & set(SPAN.findall(FENCE.sub("", Path(page).read_text(encoding="utf-8"))))


def test_pages_are_looked_into() -> None:
    texts = [Path(page).read_text(encoding="utf-8") for page in PAGES]
    assert sum(len(list(commands(text))) for text in texts) > 30
    assert sum(len(list(examples(text))) for text in texts) > 10


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("data", True),
        ("site", True),
        ("site.port", True),
        ("seed[0]", True),
        ('env["A.B"]', True),
        ("secrets.SMTP_PASSWORD", True),
        ("port", False),
        ("site.prot", False),
        ("site.port[0]", False),
        ("seed.first", False),
        ("env[0]", False),
    ],
)
def test_a_key_is_told_from_what_is_none(key: str, there: bool) -> None:
    assert is_key(key) == there
