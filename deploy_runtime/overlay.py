"""What a project's settings lack for production, supplied visibly.

Every rule looks at the project's settings first and leaves alone what they do right. Each decision
is recorded as an entry that says what was done and why, for the build report; no entry holds a
secret.

Where the environment and the project disagree, the environment wins: it is what the deployment
knows, and the project's value is what suited development. Exceptions are named at the rule.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Literal, NamedTuple

import django

from .errors import DeployError

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
        return [item.strip() for item in self.environ.get(variable, "").split(",") if item.strip()]


Rule = Callable[[Overlay], None]


def load(environ: Mapping[str, str]) -> tuple[dict[str, Any], tuple[Entry, ...]]:
    """Import the project's settings and apply the rules to them.

    Args:
        environ: the environment; DEPLOY_SETTINGS_MODULE names the project's settings module.

    Raises:
        DeployError: the environment is incomplete or wrong.
        Exception: whatever the project's settings module raises.
    """
    name = environ.get("DEPLOY_SETTINGS_MODULE")
    if not name:
        raise DeployError(
            "the environment variable DEPLOY_SETTINGS_MODULE is not set: "
            "it names the project's settings module, such as mysite.settings"
        )
    module = importlib.import_module(name)
    own = {key: getattr(module, key) for key in dir(module) if key.isupper()}
    if not {"INSTALLED_APPS", "ROOT_URLCONF"} & own.keys():
        raise DeployError(_no_settings(name, module))
    overlay = Overlay(own, environ)
    apply(overlay)
    return overlay.settings, tuple(overlay.entries)


def _no_settings(name: str, module: ModuleType) -> str:
    inside = [f"{name}.{found.name}" for found in iter_modules(getattr(module, "__path__", []))]
    advice = f"; did you mean {' or '.join(inside)}?" if inside else ""
    return (
        f"{name} (settingsModule) is a module, but no settings of a site: it defines neither "
        f"INSTALLED_APPS nor ROOT_URLCONF{advice}"
    )


def apply(overlay: Overlay) -> None:
    """Apply all rules, in their order: several look at DEBUG, so it comes first."""
    # Imported here because the rules' modules need Overlay.
    from . import overlay_database, overlay_files, overlay_process, overlay_security

    rules: tuple[Rule, ...] = (
        overlay_security.debug,
        overlay_security.secret_key,
        overlay_security.allowed_hosts,
        overlay_security.trusted_origins,
        overlay_security.proxy_header,
        overlay_security.plain_http,
        overlay_security.https,
        overlay_security.silenced_checks,
        overlay_database.database,
        overlay_database.further,
        overlay_files.static,
        overlay_files.media,
        overlay_process.health,
        overlay_process.template_loaders,
        overlay_process.logging,
    )
    for rule in rules:
        rule(overlay)
