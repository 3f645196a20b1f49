"""What the serving process needs: a health endpoint, fresh templates in development, a log."""

from typing import Any

from .overlay import Overlay
from .places import HEALTH_PATH

HEALTH_MIDDLEWARE = f"{__package__}.middleware.HealthMiddleware"


def health(overlay: Overlay) -> None:
    """The health endpoint comes before everything else, the host check above all."""
    own = list(overlay.settings.get("MIDDLEWARE") or [])
    overlay.supply(
        "MIDDLEWARE",
        [HEALTH_MIDDLEWARE, *own],
        f"the health endpoint {HEALTH_PATH}, which asks the database",
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
    own = overlay.settings.get("LOGGING")
    if own or overlay.settings.get("LOGGING_CONFIG", True) is None:
        overlay.keep("LOGGING", "the project configures it itself")
        _log_files(overlay, own or {})
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


def _log_files(overlay: Overlay, config: dict[str, Any]) -> None:
    for name, handler in (config.get("handlers") or {}).items():
        file = str(handler.get("filename") or "")
        if file and not file.startswith(("/dev/", "/proc/", "/tmp/", "/srv/")):
            overlay.attention(
                "LOGGING",
                f"the handler {name!r} writes to {file}, inside the container, where the site may "
                "not write and which the next release starts without: log to the console",
            )
