"""Writes what Pulumi and people read about the config keys, from where the keys are declared.

That is the section `config` of `Pulumi.yaml`, `docs/configuration.md`, and the README's table of
what a start needs. `make config` runs it; with `--check` it only says what is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from components.config.keys import groups, keys_of
from components.config.keys.base import Keys, is_list, is_object, is_secret

from . import paths

_SOURCE = "written by `make config` from components/config/keys"
_TABLE = (f"<!-- keys: {_SOURCE}; change it there -->", "<!-- end of keys -->")
_INTRODUCTION = """\
# Configuration

This page is {source}, where each key is declared; change it there.

A key is set in its stack's file, `stacks/Pulumi.STACK.yaml`, or on the command line:

```sh
pulumi config set port 8081 -s STACK
pulumi config set --path 'seedSteps[0]' create_categories -s STACK        # an entry of a list
pulumi config set --path 'environment["SHOP_CURRENCY"]' EUR -s STACK      # an entry of an object
pulumi config set --secret secretKey -s STACK                             # asks for it
```

A key that is missing, misspelt or wrong is an error before anything is changed, and so is a secret
in plain text. A value of the wrong type is refused by Pulumi itself before the program is asked: it
names the key and the type, and `pulumi config get KEY -s STACK` shows the value.
"""


def main(argv: Sequence[str]) -> int:
    """Writes the files, or with `--check` says which ones are out of date; returns an exit code."""
    outdated = stale(paths.ROOT)
    if "--check" not in argv:
        for file, text in outdated.items():
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(paths.ROOT)}")
        if not outdated:
            print("Pulumi.yaml, docs/configuration.md and README.md say what is declared")
        return 0
    for file in outdated:
        name = file.relative_to(paths.ROOT)
        print(f"{name} says something else than components/config/keys: run `make config`")
    return 1 if outdated else 0


def stale(root: Path) -> dict[Path, str]:
    """The files that say something else than the declarations, with what they should say."""
    writers: dict[str, Callable[[str], str]] = {
        "Pulumi.yaml": with_pulumi_config,
        "docs/configuration.md": lambda _: page(),
        "README.md": with_table,
    }
    found = {}
    for name, write in writers.items():
        file = root / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if write(text) != text:
            found[file] = write(text)
    return found


def with_pulumi_config(text: str) -> str:
    """`Pulumi.yaml` with its last section, `config`, written anew."""
    before, _, _ = text.partition("\nconfig:\n")
    entries = "\n".join(_pulumi_group(group) for group in groups())
    return f"{before}\nconfig:\n  # This section is {_SOURCE}; change it there.\n\n{entries}"


def page() -> str:
    """`docs/configuration.md`: every key, group by group."""
    introduction = _INTRODUCTION.format(source=_SOURCE)
    return "\n".join([introduction, *(_section(group) for group in groups())])


def with_table(text: str) -> str:
    """The README with the keys of the first group between the two marks."""
    begin, end = _TABLE
    between = f"{begin}\n\n{_table(groups()[0])}\n{end}"
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        sys.exit(f"README.md has no place for the table of keys: put {begin} and {end} into it")
    return f"{before}{between}{after}"


def _pulumi_group(group: type[Keys]) -> str:
    entries = {key: _pulumi_entry(field) for key, field in keys_of(group).items()}
    text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=sys.maxsize)
    lines = [f"# {_heading(group)}", *text.splitlines()]
    return "".join(f"  {line}\n" for line in lines)


def _pulumi_entry(field: FieldInfo) -> dict[str, Any]:
    items = {"items": {"type": "string"}} if is_list(field) else {}
    return {
        "type": _type(field),
        **items,
        "description": _description(field),
        "default": _default(field),
    }


def _section(group: type[Keys]) -> str:
    section = f"## {_heading(group)}\n\n{_table(group)}"
    examples = {key: field.examples[0] for key, field in keys_of(group).items() if field.examples}
    if not examples:
        return section
    config = {f"{paths.PROJECT}:{key}": example for key, example in examples.items()}
    text = yaml.safe_dump({"config": config}, sort_keys=False, allow_unicode=True)
    return f"{section}\nFor example:\n\n```yaml\n{text}```\n"


def _table(group: type[Keys]) -> str:
    rows = [
        f"| `{key}` | {_type_for_people(field)} | {_shown_default(field)} | {_cell(field)} |"
        for key, field in keys_of(group).items()
    ]
    return "\n".join(
        ["| key | type | default | what it does |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _heading(group: type[Keys]) -> str:
    return (group.__doc__ or "").splitlines()[0].removesuffix(".")


def _description(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _cell(field: FieldInfo) -> str:
    return _description(field).replace("|", "\\|")


def _default(field: FieldInfo) -> Any:
    # Empty means missing, so that the program can say more than Pulumi does.
    missing = field.is_required() or field.default is None
    return "" if missing else json.loads(json.dumps(field.default))


def _shown_default(field: FieldInfo) -> str:
    default = _default(field)
    shown = default if isinstance(default, str) else json.dumps(default)
    return "" if default in ("", [], {}) else f"`{shown}`"


def _type(field: FieldInfo) -> str:
    if is_list(field):
        return "array"
    if is_object(field):
        return "object"
    if field.annotation is bool:
        return "boolean"
    return "integer" if field.annotation is int else "string"


def _type_for_people(field: FieldInfo) -> str:
    words = {"array": "list of strings", "object": "object"}.get(_type(field), _type(field))
    if is_secret(field):
        return f"{words}, secret"
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(field.annotation))
    return f"{words}{_limits(field)}" if words == "integer" else words


def _limits(field: FieldInfo) -> str:
    limits = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("ge", "le")
        if hasattr(limit, name)
    }
    if len(limits) == 2:
        return f", {limits['ge']} to {limits['le']}"
    return f", at least {limits['ge']}" if "ge" in limits else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
