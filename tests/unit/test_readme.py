"""The README shows the keys that a start needs, as the page of all keys does."""

from itertools import takewhile
from pathlib import Path

from components.config.keys import all_keys

HEAD = "| key | type | default | what it does |"


def rows(page: str) -> list[str]:
    """Each row of the tables of keys."""
    lines = Path(page).read_text(encoding="utf-8").splitlines()
    found: list[str] = []
    for start in [at for at, line in enumerate(lines) if line == HEAD]:
        found += takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return found


def key_of(row: str) -> str:
    return row.split("`")[1]


def test_the_page_of_all_keys_has_each_once() -> None:
    assert sorted(map(key_of, rows("docs/configuration.md"))) == sorted(all_keys())


def test_the_readme_has_the_keys_that_a_start_needs() -> None:
    shown = rows("README.md")
    assert set(shown) <= set(rows("docs/configuration.md"))
    assert {"app.path", "app.settings", "data"} <= set(map(key_of, shown))
    assert len(shown) < 10
