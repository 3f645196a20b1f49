"""Writes what people and editors read about the config keys, from where the keys are declared.

That is `docs/configuration.md`, `stacks/schema.json`, and the README's table of what a start needs.
`make config` runs it; with `--check` it only says what is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from components.config.keys import SHARED_EDGE, AllKeys, HostKeys, all_keys, nested, top_level
from components.config.keys.base import is_list, is_object, is_secret, keys_in

from . import paths

_SOURCE = "written by `make config` from components/config/keys"
_TABLE = (f"<!-- keys: {_SOURCE}; change it there -->", "<!-- end of keys -->")
_START = ("app.path", "app.settings", "data", "seed", "deployment", "site.port", "site.origin")
"""What a start needs."""
_NEEDED = (
    (("app", ("path", "settings")), ("releases", ("image",)), (SHARED_EDGE, ())),
    (("data", ()), (SHARED_EDGE, ())),
)
"""Of each line a stack's file has to say one: a key, with those below it."""
_INTRODUCTION = """\
# Configuration

This page is {source}, where each key is declared; change it there.

A stack's file, `stacks/Pulumi.STACK.yaml`, holds its keys; the program's name before a key
(`{project}:data`) is optional:

```yaml
config:
  app: {{path: ../shop, settings: shop.settings.production}}
  data: create
  database: {{engine: postgres}}
  seed: [create_categories]
```

On the command line a key inside of another takes `--path`:

```sh
pulumi config set --path site.port 8081 -s STACK
pulumi config set --path 'seed[0]' create_categories -s STACK             # an entry of a list
pulumi config set --path 'env["SHOP_CURRENCY"]' EUR -s STACK              # an entry of an object
pulumi config set --secret --path database.password -s STACK              # asks for it
```

A key that is missing, misspelt or wrong is an error before anything is changed, and so is a secret
in plain text. Editors check a stack's file by `stacks/schema.json`: the line
`# yaml-language-server: $schema=schema.json` at its top says so.
"""


def main(argv: Sequence[str]) -> int:
    """Writes the files, or with `--check` says which ones are out of date; returns an exit code."""
    outdated = stale(paths.ROOT)
    if "--check" not in argv:
        for file, text in outdated.items():
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(paths.ROOT)}")
        if not outdated:
            print("docs/configuration.md, stacks/schema.json and README.md say what is declared")
        return 0
    for file in outdated:
        name = file.relative_to(paths.ROOT)
        print(f"{name} says something else than components/config/keys: run `make config`")
    return 1 if outdated else 0


def stale(root: Path) -> dict[Path, str]:
    """The files that say something else than the declarations, with what they should say."""
    writers: dict[str, Callable[[str], str]] = {
        "docs/configuration.md": lambda _: page(),
        "stacks/schema.json": lambda _: schema(),
        "README.md": with_table,
    }
    found = {}
    for name, write in writers.items():
        file = root / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if write(text) != text:
            found[file] = write(text)
    return found


def page() -> str:
    """`docs/configuration.md`: every key, those at the top first, then object by object."""
    objects = [key for key, field in top_level().items() if keys_in(field)]
    alone = {key: field for key, field in top_level().items() if key not in objects}
    introduction = _INTRODUCTION.format(source=_SOURCE, project=paths.PRODUCT)
    sections = [_section("What is said at the top", alone)]
    for key in objects:
        inside = {path: field for path, field in all_keys().items() if path.startswith(f"{key}.")}
        title = (top_level()[key].description or "").strip().removesuffix(".")
        sections.append(_section(f"{key}: {title[:1].lower()}{title[1:]}", inside))
    return "\n".join([introduction, *sections])


def schema() -> str:
    """`stacks/schema.json`: what an editor knows of a stack's file."""
    keys = AllKeys.model_json_schema(mode="validation")
    hosts = HostKeys.model_json_schema(mode="validation")
    definitions = {**keys.pop("$defs"), **hosts.pop("$defs")}
    keys["properties"][SHARED_EDGE] = hosts["properties"][SHARED_EDGE]
    # The program's name before a key is Pulumi's spelling of the same, in which it writes a file
    # that it changes; providers have keys, too.
    keys["properties"] |= {
        f"{paths.PROJECT}:{key}": {"$ref": f"#/properties/config/properties/{key}"}
        for key in keys["properties"]
    }
    keys["patternProperties"] = {f"^(?!{paths.PROJECT}:).+:.+": {}}
    # A stack's name is its deployment's, unless another is said. What sites share is no site.
    del keys["required"]
    keys["allOf"] = [{"anyOf": [one for key in way for one in _said_in(*key)]} for way in _NEEDED]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A stack of {paths.PRODUCT}",
        "type": "object",
        "properties": {"config": keys},
        "$defs": definitions,
    }
    return json.dumps(_for_stack_files(document), indent=2, ensure_ascii=False) + "\n"


def _said_in(key: str, inner: tuple[str, ...]) -> list[dict[str, Any]]:
    """Schemas of a stack's file that has a key, with those below it, in either spelling."""
    return [
        {"required": [name], **({"properties": {name: {"required": [*inner]}}} if inner else {})}
        for name in (key, f"{paths.PROJECT}:{key}")
    ]


def with_table(text: str) -> str:
    """The README with what a start needs between the two marks."""
    begin, end = _TABLE
    between = f"{begin}\n\n{_table({key: all_keys()[key] for key in _START})}\n{end}"
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        sys.exit(f"README.md has no place for the table of keys: put {begin} and {end} into it")
    return f"{before}{between}{after}"


def _for_stack_files(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_stack_files(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("writeOnly"):
        # As `pulumi config set --secret` writes it.
        return {
            "type": "object",
            "properties": {"secure": {"type": "string"}},
            "required": ["secure"],
            "additionalProperties": False,
        }
    words = {"description": " ".join(value["description"].split())} if _said(value) else {}
    # A docstring's title adds nothing to a key's name.
    kept = {name: inner for name, inner in value.items() if not _is_title(name, inner)}
    return {**{name: _for_stack_files(inner) for name, inner in kept.items()}, **words}


def _said(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("description"), str)


def _is_title(name: str, value: Any) -> bool:
    return name == "title" and isinstance(value, str) and not value.startswith("A stack")


def _section(title: str, keys: Mapping[str, FieldInfo]) -> str:
    section = f"## {title}\n\n{_table(keys)}"
    examples = {key: field.examples[0] for key, field in keys.items() if field.examples}
    if not examples:
        return section
    text = yaml.safe_dump({"config": nested(examples)}, sort_keys=False, allow_unicode=True)
    return f"{section}\nFor example:\n\n```yaml\n{text}```\n"


def _table(keys: Mapping[str, FieldInfo]) -> str:
    rows = [
        f"| `{key}` | {_type_for_people(field)} | {_shown_default(field)} | {_cell(field)} |"
        for key, field in keys.items()
    ]
    return "\n".join(
        ["| key | type | default | what it does |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _cell(field: FieldInfo) -> str:
    return " ".join((field.description or "").split()).replace("|", "\\|")


def _shown_default(field: FieldInfo) -> str:
    if field.is_required() or field.default in (None, "", (), {}):
        return ""
    return f"`{field.default if isinstance(field.default, str) else json.dumps(field.default)}`"


def _type(field: FieldInfo) -> str:
    if is_list(field):
        return "list of strings"
    if is_object(field):
        return "object"
    if field.annotation is bool:
        return "boolean"
    if field.annotation is float:
        return "number"
    return "integer" if field.annotation is int else "string"


def _type_for_people(field: FieldInfo) -> str:
    words = _type(field)
    if is_secret(field):
        return f"{words}, secret"
    # What may be left empty is one of them or nothing.
    for kind in (field.annotation, *get_args(field.annotation)):
        if get_origin(kind) is Literal:
            return " or ".join(f"`{choice}`" for choice in get_args(kind))
    return f"{words}{_limits(field)}" if words in ("integer", "number") else words


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
