"""What each setting of the project was, is, and why: `python -m deploy_runtime.settings_report`.

    (nothing)   those that something was decided about
    --all       every setting
    --json      as JSON

It loads the project's settings as a container does, and changes nothing. No secret is shown.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pprint import pformat
from typing import Any

from . import environment, overlay_off, overlay_rules
from .errors import DeployError
from .explain import explain
from .overlay import Overlay

_WIDTH = 90
_LINES = 12  # of a value
_NONE = "(not set)"
# Whatever its name says: an address may hold a password.
_PASSWORD = re.compile(r"(://[^\s:/@'\"]*:)[^\s@'\"]+@")

Row = dict[str, Any]


def main(words: Sequence[str] = ()) -> int:
    """Print the report; return the exit code."""
    unknown = set(words) - {"--all", "--json"}
    try:
        if unknown:
            raise DeployError(f"settings takes --all and --json, not {' '.join(sorted(unknown))}")
        environment.load(os.environ)
        rows = list(report(os.environ, everything="--all" in words))
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        print(f"error: the settings can't be loaded.\n\n{explain(error)}", file=sys.stderr)
        return 1
    print(json.dumps(rows, indent=2) if "--json" in words else as_text(rows))
    return 0


def report(environ: Mapping[str, str], *, everything: bool = False) -> Iterator[Row]:
    """Each setting about which something was decided: what it was, what it is, and why.

    Args:
        environ: the environment, secrets included.
        everything: also the settings about which nothing was.

    Raises:
        DeployError: the environment is incomplete or wrong.
        Exception: whatever the project's settings module raises.
    """
    overlay = Overlay(overlay_rules.own_settings(environ), environ)
    # As text: a rule may change what a setting holds.
    before = {name: shown(name, value) for name, value in overlay.settings.items()}
    overlay_rules.decide(overlay)
    decided = dict.fromkeys(entry.setting for entry in overlay.entries)
    names = sorted({*overlay.settings, *decided}) if everything else [*decided]
    for name in names:
        entries = [entry for entry in overlay.entries if entry.setting == name]
        actions = {entry.action for entry in entries}
        what = next((a for a in ("attention", "supplied", "kept") if a in actions), "own")
        is_set = name in overlay.settings
        yield {
            "setting": name,
            "action": what,
            "was": before.get(name, _NONE),
            "is": shown(name, overlay.settings[name]) if is_set else _NONE,
            "why": [environment.masked(entry.why) for entry in entries] or ["the project's own"],
        }


def shown(name: str, value: Any) -> str:
    """A setting's value as text, without what is secret by its name or by what it is."""
    from django.views.debug import SafeExceptionReporterFilter

    try:
        clean = SafeExceptionReporterFilter().cleanse_setting(name, value)
        text = pformat(clean, width=_WIDTH, compact=True)
    except Exception as error:  # whatever the project's own objects do when they are looked at
        text = f"<{type(value).__name__}: {type(error).__name__}>"
    return _PASSWORD.sub(r"\1********@", environment.masked(text))


def as_text(rows: Sequence[Row]) -> str:
    """The rows for people."""
    parts = []
    if overlay_off.is_off():
        parts.append("app.overlay is false: the project's settings are left alone")
    for row in rows:
        changed = row["was"] != row["is"]
        values = [("was", row["was"]), ("is", row["is"])] if changed else [("is", row["is"])]
        lines = [f"{row['setting']} ({row['action']})"]
        lines += [line for name, value in values for line in _indented(name, value)]
        lines += [line for why in row["why"] for line in _indented("why", why)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _indented(name: str, text: str) -> Iterator[str]:
    lines = text.splitlines() or [""]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"… ({len(lines) - _LINES} lines more: --json has them)"]
    for number, line in enumerate(lines):
        yield f"  {name if number == 0 else '':<4} {line}".rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
