"""The README's config table is what Pulumi.yaml declares, in the same order."""

import json
from pathlib import Path
from typing import Any

import yaml


def row(key: str, entry: dict[str, Any]) -> str:
    default = entry["default"]
    shown = default if isinstance(default, str) else json.dumps(default)
    cell = "" if default in ("", [], {}) else f"`{shown}`"
    return f"| `{key}` | {cell} | {entry['description']} |"


def test_the_config_table_agrees_with_pulumi_yaml() -> None:
    config = yaml.safe_load(Path("Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    wanted = [row(key, entry) for key, entry in config.items()]
    lines = Path("README.md").read_text(encoding="utf-8").splitlines()
    start = lines.index("| key | default | |") + 2
    assert lines[start : start + len(wanted)] == wanted
    assert not lines[start + len(wanted)].startswith("|"), "the table has a row too many"
