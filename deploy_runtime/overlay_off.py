"""A project whose settings are left alone: what it doesn't take from its environment.

With `app.overlay: false` nothing is supplied. What the deployment knows is in the environment, and
the project's settings have to read it there (docs/settings.md has the table). What they don't is
found in the build: where the site would lose data, serve nobody or be open to anybody the build
fails, else it warns.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .environment import DIRECT_URL
from .errors import DeployError, boolean
from .overlay import Overlay, items
from .overlay_database import POOLED, insecure, owned, parse, points_to
from .overlay_files import MEDIA_MIDDLEWARE, SERVERS, is_remote
from .overlay_process import HEALTH_MIDDLEWARE
from .places import HEALTH_PATH

VARIABLE = "DEPLOY_OVERLAY"
_LOOPBACK = ("localhost", "127.0.0.1")
_STATIC_APP = "django.contrib.staticfiles"


class Gap(NamedTuple):
    """Something that the project's settings don't take.

    Attributes:
        setting: the setting.
        is_error: the site can't be served that way.
        what: what is the matter.
        write: what to write into the settings, or into the config.
    """

    setting: str
    is_error: bool
    what: str
    write: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.what}. Write: {self.write}"


def is_off(environ: Mapping[str, str] = os.environ) -> bool:
    """The project's settings are left alone."""
    return not boolean(environ, VARIABLE, default=True)


def look(overlay: Overlay) -> None:
    """Enter what the project's settings don't take, and change none of them."""
    found = list(gaps(overlay.settings, overlay.environ))
    for gap in found:
        overlay.attention(gap.setting, f"{gap.what}. Write: {gap.write}")
    missed = {gap.setting for gap in found}
    for setting in _READ:
        if setting in overlay.settings and setting not in missed:
            overlay.keep(setting, "the project's own: app.overlay is false")


def refuse() -> None:
    """End here if the site can't be served with the project's settings; Django must be set up.

    Raises:
        DeployError: they are left alone, with everything that they don't take and have to.
    """
    if is_off() and (errors := _errors()):
        lines = [f"- {error}" for error in errors]
        head = (
            "app.overlay is false, so the project's settings have to take these from the "
            "environment (docs/settings.md), and don't:"
        )
        raise DeployError("\n".join([head, *lines]))


def takes(setting: str) -> bool:
    """The project takes what it has to of a setting, or has it supplied; Django must be set up."""
    return not is_off() or all(gap.setting != setting for gap in _errors())


def _errors() -> list[Gap]:
    from django.conf import settings

    own = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    return [gap for gap in gaps(own, os.environ) if gap.is_error]


def gaps(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    """What a project's settings don't take from its environment.

    Args:
        settings: the project's settings.
        environ: the environment, secrets included.
    """
    for find in (_values, _databases, _hosts, _folders, _serving, _https, _silenced):
        yield from find(settings, environ)


_READ = (
    "DEBUG",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASES",
    "STATIC_ROOT",
    "MEDIA_ROOT",
)


def _values(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    wanted = boolean(environ, "DEBUG", default=False)
    if bool(settings.get("DEBUG", False)) != wanted:
        write = '`DEBUG = os.environ.get("DEBUG") == "True"`'
        yield Gap("DEBUG", not wanted, f"it is {not wanted}, app.debug says {wanted}", write)
    key = environ.get("SECRET_KEY")
    if key and settings.get("SECRET_KEY") != key:
        what = "it is not the deployment's secret, and may be known to anybody"
        yield Gap("SECRET_KEY", True, what, '`SECRET_KEY = os.environ["SECRET_KEY"]`')


def _databases(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    databases = settings.get("DATABASES") or {}
    url = environ.get("DATABASE_URL")
    if url and (what := _differs(databases.get("default"), parse(url, "DATABASE_URL"))):
        yield Gap(
            "DATABASES",
            True,
            f"the default database is {what} DATABASE_URL names",
            '`DATABASES = {"default": dj_database_url.config()}` (import dj_database_url; the '
            "image has it)",
        )
    default = dict(databases.get("default") or {})
    if environ.get(DIRECT_URL) and not POOLED.items() <= default.items():
        (name,) = POOLED
        yield Gap(
            "DATABASES",
            False,
            f"the default database lacks {name}, without which iterator() of a queryset fails "
            "behind a pooler (database.directUrl is set)",
            f'`DATABASES["default"]["{name}"] = True`',
        )
    for number, alias in enumerate(owned(environ), 1):
        variable = f"DEPLOY_DATABASE_URL_{number}"
        given = environ.get(variable)
        if given and (what := _differs(databases.get(alias), parse(given, variable))):
            name = json.dumps(alias)
            yield Gap(
                "DATABASES",
                True,
                f"{alias!r} is {what} databases[{name}] names",
                f"`DATABASES[{name}] = dj_database_url.config({json.dumps(variable)})`",
            )


def _differs(own: Mapping[str, Any] | None, wanted: dict[str, Any]) -> str:
    """In which way a project's database is not the wanted one; "" if it is."""
    found = dict(own or {})
    if not points_to(found, wanted):
        return "not the one that"
    if insecure(found, wanted):
        return "reached without the sslmode and sslrootcert, by which its server is verified, that"
    return ""


def _hosts(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    debug = boolean(environ, "DEBUG", default=False)
    gap = None if debug else _allowed(settings, items(environ, "ALLOWED_HOSTS"))
    if gap:
        write = '`ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")`'
        yield Gap("ALLOWED_HOSTS", *gap, write)
    origins = set(items(environ, "CSRF_TRUSTED_ORIGINS"))
    if origins - set(settings.get("CSRF_TRUSTED_ORIGINS") or []):
        write = '`CSRF_TRUSTED_ORIGINS = os.environ["CSRF_TRUSTED_ORIGINS"].split(",")`'
        what = "it lacks the site's origin: behind a proxy forms may be refused"
        yield Gap("CSRF_TRUSTED_ORIGINS", False, what, write)


def _allowed(settings: Mapping[str, Any], wanted: Sequence[str]) -> tuple[bool, str] | None:
    from django.http.request import validate_host

    own = list(settings.get("ALLOWED_HOSTS") or [])
    if "*" in own:
        return False, "it allows any host"
    # The first is the origin's; the loopback's names come after it for whoever asks there.
    needed = [host for host in wanted if host == wanted[0] or host not in _LOOPBACK]
    if all(validate_host(host.strip("."), own) for host in needed):
        return None
    return True, "it lacks hosts that the site answers to"


def _folders(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    local_static = _STATIC_APP in (settings.get("INSTALLED_APPS") or [])
    static = _backend(settings, "staticfiles", "STATICFILES_STORAGE")
    media = _backend(settings, "default", "DEFAULT_FILE_STORAGE")
    lost = {
        "STATIC_ROOT": (local_static and not is_remote(static), "collected files are not kept"),
        "MEDIA_ROOT": (not is_remote(media), "uploads are lost with the next release"),
    }
    for setting, (matters, means) in lost.items():
        wanted = environ.get(setting)
        if matters and wanted and str(settings.get(setting) or "").rstrip("/") != wanted:
            what = f"it is not {wanted}, where the volume is: {means}"
            yield Gap(setting, True, what, f'`{setting} = os.environ["{setting}"]`')


def _backend(settings: Mapping[str, Any], alias: str, legacy: str) -> str:
    storages = settings.get("STORAGES") or {}
    said = (storages.get(alias) or {}).get("BACKEND") or settings.get(legacy)
    return str(said or "django.")


def _serving(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    middleware = [str(path) for path in settings.get("MIDDLEWARE") or []]
    if (
        environ.get("DEPLOY_HEALTH_PATH") or HEALTH_PATH
    ) == HEALTH_PATH and HEALTH_MIDDLEWARE not in middleware:
        yield Gap(
            "MIDDLEWARE",
            True,
            f"nothing answers at {HEALTH_PATH}, by which a new release is let through",
            f'`"{HEALTH_MIDDLEWARE}"` as the first of MIDDLEWARE, or '
            "`pulumi config set --path processes.web.health PATH -s STACK` with a path of yours",
        )
    if _STATIC_APP in (settings.get("INSTALLED_APPS") or []):
        static = _backend(settings, "staticfiles", "STATICFILES_STORAGE")
        if not is_remote(static) and not _has(middleware, SERVERS):
            yield Gap(
                "MIDDLEWARE",
                False,
                "nothing serves static files",
                '`"whitenoise.middleware.WhiteNoiseMiddleware"` behind SecurityMiddleware (the '
                "image has it), unless a view or another server does",
            )
    media = _backend(settings, "default", "DEFAULT_FILE_STORAGE")
    serves = boolean(environ, "DEPLOY_SERVE_MEDIA", default=True) and not is_remote(media)
    if serves and settings.get("MEDIA_URL") and MEDIA_MIDDLEWARE not in middleware:
        yield Gap(
            "MIDDLEWARE",
            False,
            "nothing serves uploads, unless a view of the project does",
            f'`"{MEDIA_MIDDLEWARE}"` in MIDDLEWARE, or '
            "`pulumi config set --path media.serve false -s STACK`",
        )


def _has(middleware: Sequence[str], beginnings: tuple[str, ...]) -> bool:
    return any(path.startswith(beginnings) for path in middleware)


def _https(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    origins = items(environ, "CSRF_TRUSTED_ORIGINS")
    if not origins or not all(origin.startswith("https://") for origin in origins):
        if settings.get("SECURE_SSL_REDIRECT") and origins:
            what = "the site's origin is plain http: it would lead everyone astray"
            yield Gap("SECURE_SSL_REDIRECT", True, what, "`SECURE_SSL_REDIRECT = False`")
        return
    if not settings.get("SECURE_PROXY_SSL_HEADER"):
        yield Gap(
            "SECURE_PROXY_SSL_HEADER",
            False,
            "Django can't know that visitors come by https",
            '`SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`',
        )
    for setting in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        if not settings.get(setting):
            yield Gap(setting, False, "the site's origin is https", f"`{setting} = True`")


def _silenced(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Gap]:
    wanted = items(environ, "DEPLOY_SILENCED_CHECKS")
    own = [*(settings.get("SILENCED_SYSTEM_CHECKS") or [])]
    if set(wanted) - set(own):
        write = f"`SILENCED_SYSTEM_CHECKS = {json.dumps(list(dict.fromkeys([*own, *wanted])))}`"
        what = "it lacks some of those in app.silencedSystemChecks, which does nothing by itself"
        yield Gap("SILENCED_SYSTEM_CHECKS", True, what, write)
