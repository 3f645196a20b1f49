"""What a project's settings lack for production, supplied visibly: all rules, in their order.

Every rule looks at the project's settings first and leaves alone what they do right. Each decision
is recorded as an entry that says what was done and why, for the build report; no entry holds a
secret.

Where the environment and the project disagree, the environment wins: it is what the deployment
knows, and the project's value is what suited development. Exceptions are named at the rule.
"""

import importlib
from collections.abc import Callable, Mapping
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from . import overlay_database, overlay_files, overlay_off, overlay_process, overlay_security
from .errors import DeployError
from .overlay import Entry, Overlay

Rule = Callable[[Overlay], None]

# Several look at DEBUG, so it comes first.
RULES: tuple[Rule, ...] = (
    overlay_security.debug,
    overlay_security.secret_key,
    overlay_security.secret_key_fallbacks,
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


def load(environ: Mapping[str, str]) -> tuple[dict[str, Any], tuple[Entry, ...]]:
    """Import the project's settings and apply the rules to them.

    Args:
        environ: the environment; DEPLOY_SETTINGS_MODULE names the project's settings module.

    Raises:
        DeployError: the environment is incomplete or wrong.
        Exception: whatever the project's settings module raises.
    """
    overlay = Overlay(own_settings(environ), environ)
    decide(overlay)
    return overlay.settings, tuple(overlay.entries)


def own_settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """The project's own settings; the rest is as of `load`."""
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
    return own


def decide(overlay: Overlay) -> None:
    """Apply the rules, or where config says so only look at what the project doesn't take."""
    if overlay_off.is_off(overlay.environ):
        overlay_off.look(overlay)
    else:
        apply(overlay)


def _no_settings(name: str, module: ModuleType) -> str:
    inside = [f"{name}.{found.name}" for found in iter_modules(getattr(module, "__path__", []))]
    advice = f"; did you mean {' or '.join(inside)}?" if inside else ""
    return (
        f"{name} (app.settings) is a module, but no settings of a site: it defines neither "
        f"INSTALLED_APPS nor ROOT_URLCONF{advice}"
    )


def apply(overlay: Overlay) -> None:
    """Apply all rules, in their order."""
    for rule in RULES:
        rule(overlay)
