"""A project's settings while rules change them, and a record of what was decided and why.

The rules are in the modules `overlay_*`; `overlay_rules` applies them in their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import django

Action = Literal["supplied", "kept", "attention"]


class Entry(NamedTuple):
    """One decision about a setting.

    Attributes:
        setting: the setting's name.
        action: "supplied" by this overlay, the project's own was "kept", or it needs "attention".
        why: the reason, in words.
    """

    setting: str
    action: Action
    why: str


@dataclass
class Overlay:
    """The settings while the rules are applied to them.

    Attributes:
        settings: the project's settings, then changed by the rules.
        environ: the environment, secrets included.
        version: Django's version, (major, minor).
        entries: what was decided so far.
    """

    settings: dict[str, Any]
    environ: Mapping[str, str]
    version: tuple[int, int] = django.VERSION[:2]
    entries: list[Entry] = field(default_factory=list)

    @property
    def debug(self) -> bool:
        """Is this development?"""
        return bool(self.settings.get("DEBUG", False))

    def supply(self, setting: str, value: Any, why: str) -> None:
        """Set a setting, and say so."""
        self.settings[setting] = value
        self.entries.append(Entry(setting, "supplied", why))

    def keep(self, setting: str, why: str) -> None:
        """Say that the project's own value stays."""
        self.entries.append(Entry(setting, "kept", why))

    def attention(self, setting: str, why: str) -> None:
        """Say what the user should look at."""
        self.entries.append(Entry(setting, "attention", why))

    def items(self, variable: str) -> list[str]:
        """The comma-separated values of an environment variable."""
        return items(self.environ, variable)


def items(environ: Mapping[str, str], variable: str) -> list[str]:
    """The comma-separated values of an environment variable."""
    return [item.strip() for item in environ.get(variable, "").split(",") if item.strip()]
