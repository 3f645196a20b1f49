"""The pages for people say of the config keys what Pulumi.yaml declares, in the same order."""

import json
from pathlib import Path
from typing import Any

import yaml

CONFIG: dict[str, dict[str, Any]] = yaml.safe_load(Path("Pulumi.yaml").read_text(encoding="utf-8"))[
    "config"
]


def row(key: str) -> tuple[str, str, str]:
    default = CONFIG[key]["default"]
    shown = default if isinstance(default, str) else json.dumps(default)
    cell = "" if default in ("", [], {}) else f"`{shown}`"
    return f"`{key}`", cell, CONFIG[key]["description"]


def rows(page: str) -> list[tuple[str, str, str]]:
    """Key, default and description of each row of the tables of keys."""
    lines = Path(page).read_text(encoding="utf-8").splitlines()
    found: list[tuple[str, str, str]] = []
    for start in [at for at, line in enumerate(lines) if line == HEAD]:
        end = lines.index("", start)
        for line in lines[start + 2 : end]:
            key, _type, default, says = line.removeprefix("| ").removesuffix(" |").split(" | ", 3)
            found.append((key, default.strip(), says))
    return found


HEAD = "| key | type | default | what it does |"


def test_the_page_of_all_keys_agrees_with_pulumi_yaml() -> None:
    assert rows("docs/configuration.md") == [row(key) for key in CONFIG]


def test_the_readme_has_the_keys_that_a_start_needs() -> None:
    shown = rows("README.md")
    assert shown == [row(key) for key in CONFIG][: len(shown)]
    assert {"`app.path`", "`app.settings`", "`data`"} <= {key for key, _, _ in shown}
    assert len(shown) < 10
