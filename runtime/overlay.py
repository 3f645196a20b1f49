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
from typing import Any, Literal, NamedTuple

import django

from .errors import DeployError, boolean

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
    overlay = Overlay({key: getattr(module, key) for key in dir(module) if key.isupper()}, environ)
    apply(overlay)
    return overlay.settings, tuple(overlay.entries)


def apply(overlay: Overlay) -> None:
    """Apply all rules, in their order: several look at DEBUG, so it comes first."""
    # Imported here because the rules' modules need Overlay.
    from . import overlay_database, overlay_files

    rules: tuple[Rule, ...] = (
        debug,
        secret_key,
        allowed_hosts,
        trusted_origins,
        proxy_header,
        overlay_database.database,
        overlay_files.static,
        overlay_files.media,
        middleware,
        template_loaders,
        logging,
    )
    for rule in rules:
        rule(overlay)


def debug(overlay: Overlay) -> None:
    """DEBUG is the environment's, and off where it says nothing."""
    wanted = boolean(overlay.environ, "DEBUG", default=False)
    if overlay.settings.get("DEBUG", False) == wanted:
        overlay.keep("DEBUG", f"{wanted} in the project already")
        return
    overlay.supply("DEBUG", wanted, f"{wanted} from the environment")


def secret_key(overlay: Overlay) -> None:
    """SECRET_KEY is the deployment's secret; the project's may have been published with it."""
    own = overlay.settings.get("SECRET_KEY")
    wanted = overlay.environ.get("SECRET_KEY")
    if not wanted:
        if not own:
            raise DeployError(
                "SECRET_KEY is missing: neither the project's settings nor the secrets have one"
            )
        overlay.attention("SECRET_KEY", "the project's own: no secret of this name was handed over")
        return
    if own == wanted:
        overlay.keep("SECRET_KEY", "the project reads it from the environment itself")
        return
    overlay.supply("SECRET_KEY", wanted, "from the deployment's secret")
    if own:
        _replace_copies(overlay, own, wanted)


def _replace_copies(overlay: Overlay, old: str, new: str) -> None:
    # Settings such as a token's signing key are often derived: `"SIGNING_KEY": SECRET_KEY`.
    for name, value in list(overlay.settings.items()):
        if value == old:
            overlay.supply(name, new, "the project sets it to its SECRET_KEY")
        elif isinstance(value, dict) and old in [v for v in value.values() if isinstance(v, str)]:
            changed = {key: new if v == old else v for key, v in value.items()}
            overlay.supply(name, changed, "the project derives it from its SECRET_KEY")


def allowed_hosts(overlay: Overlay) -> None:
    """ALLOWED_HOSTS: the environment's, then the project's own, without its "*"."""
    own = list(overlay.settings.get("ALLOWED_HOSTS") or [])
    wanted = overlay.items("ALLOWED_HOSTS")
    if not wanted:
        if "*" in own and not overlay.debug:
            overlay.attention("ALLOWED_HOSTS", "the project allows any host")
        return
    merged = wanted + [host for host in own if host not in (*wanted, "*")]
    if set(merged) == set(own):
        overlay.keep("ALLOWED_HOSTS", "the project reads it from the environment itself")
        return
    dropped = ", without the project's '*'" if "*" in own and "*" not in wanted else ""
    overlay.supply("ALLOWED_HOSTS", merged, f"from the environment, beside the project's{dropped}")


def trusted_origins(overlay: Overlay) -> None:
    """CSRF_TRUSTED_ORIGINS: the environment's, then the project's own."""
    own = list(overlay.settings.get("CSRF_TRUSTED_ORIGINS") or [])
    wanted = overlay.items("CSRF_TRUSTED_ORIGINS")
    if not wanted:
        return
    if set(wanted) <= set(own):
        overlay.keep("CSRF_TRUSTED_ORIGINS", "the project reads it from the environment itself")
        return
    merged = wanted + [origin for origin in own if origin not in wanted]
    overlay.supply("CSRF_TRUSTED_ORIGINS", merged, "from the environment, beside the project's")


def proxy_header(overlay: Overlay) -> None:
    """Which header says that a visitor came by https."""
    if overlay.settings.get("SECURE_PROXY_SSL_HEADER"):
        overlay.keep("SECURE_PROXY_SSL_HEADER", "the project sets it itself")
        return
    overlay.supply(
        "SECURE_PROXY_SSL_HEADER",
        ("HTTP_X_FORWARDED_PROTO", "https"),
        "the edge in front sets X-Forwarded-Proto on every request",
    )


def middleware(overlay: Overlay) -> None:
    """The health endpoint comes before everything else, the host check above all."""
    own = list(overlay.settings.get("MIDDLEWARE") or [])
    overlay.supply(
        "MIDDLEWARE",
        [f"{__package__}.middleware.HealthMiddleware", *own],
        "the health endpoint /-/health, which asks the database",
    )


_DJANGO_TEMPLATES = "django.template.backends.django.DjangoTemplates"
_LOADERS = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]


def template_loaders(overlay: Overlay) -> None:
    """In development templates are read anew, since gunicorn reloads for Python files only."""
    engines = overlay.settings.get("TEMPLATES") or []
    if not overlay.debug or not any(_caches(engine) for engine in engines):
        return
    overlay.supply(
        "TEMPLATES",
        [_uncached(engine) if _caches(engine) else engine for engine in engines],
        "in development, edited templates show at once",
    )


def _caches(engine: dict[str, Any]) -> bool:
    return engine.get("BACKEND") == _DJANGO_TEMPLATES and "loaders" not in engine.get("OPTIONS", {})


def _uncached(engine: dict[str, Any]) -> dict[str, Any]:
    loaders = _LOADERS if engine.get("APP_DIRS") else _LOADERS[:1]
    # APP_DIRS and loaders exclude each other.
    return {
        **engine,
        "APP_DIRS": False,
        "OPTIONS": {**engine.get("OPTIONS", {}), "loaders": loaders},
    }


def logging(overlay: Overlay) -> None:
    """Errors reach the container's log: with DEBUG off Django itself only mails them."""
    if overlay.settings.get("LOGGING") or overlay.settings.get("LOGGING_CONFIG", True) is None:
        overlay.keep("LOGGING", "the project configures it itself")
        return
    if overlay.debug:
        return
    handlers: dict[str, Any] = {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    }
    if overlay.settings.get("ADMINS"):
        handlers["mail_admins"] = {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
        }
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": handlers,
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {"django": {"handlers": sorted(handlers), "level": "INFO", "propagate": False}},
    }
    overlay.supply("LOGGING", config, "to the container's log; the project configures none")
