"""The types of config values, each with what it allows, said as a user should read it."""

import json
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from components import database_url
from components.database import ENGINES
from components.migration_policy import AHEAD, UNSAFE
from components.plan import STRATEGIES

RESERVED = (
    "ALLOWED_HOSTS",
    "COLLECT_STATIC_ON_STARTUP",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_SUPERUSER_EMAIL",
    "DJANGO_SUPERUSER_PASSWORD",
    "DJANGO_SUPERUSER_USERNAME",
    "MEDIA_ROOT",
    "PATH",
    "PORT",
    "PYTHONPATH",
    "RELEASE",
    "SECRET_KEY",
    "STATIC_ROOT",
)
"""Variables of the containers that config keys decide, or the program itself."""

TAKEN_FOLDERS = {
    "/srv/static": (
        "where the image's static files are. A volume is filled from the image only while it is "
        "empty: it would hide the files of every later release. Mount it elsewhere; to collect "
        "outside the build choose another strategy, whose volume belongs to the release"
    ),
    "/srv/data": "where the database is: name its volume in dataVolume",
    "/srv/media": "where uploaded files are: name their volume in mediaVolume",
    "/srv/ledger": "where the ledger is",
    "/srv/backups": "where the database's copies are",
    "/srv/assets": "where the last releases' static files are",
    "/run/secrets": "where the secrets are",
    "/opt/venv": "where the release's dependencies are",
    "/opt/deploy": "where the runtime is",
}
"""Folders of the containers that no volume of the user's may cover, and why."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_WSGI = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_TAG = re.compile(r"[0-9a-f]{6,16}")
_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_CHECK = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*\.[A-Z]\d+")


def _matches(pattern: re.Pattern[str], says: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not pattern.fullmatch(value):
            raise ValueError(says)
        return value

    return AfterValidator(check)


def _inside(folder: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.startswith("/") or ".." in value.split("/"):
            raise ValueError(f"must be a path inside {folder}, without a leading / and without ..")
        return value.strip("/")

    return AfterValidator(check)


def _one_of(table: Mapping[str, object]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in table:
            raise ValueError(f"must be one of {', '.join(table)}")
        return value

    return AfterValidator(check)


def _server_url(value: SecretStr) -> SecretStr:
    database_url.check(value.get_secret_value())
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path):
        raise ValueError("must be an origin such as https://www.example.org, without a path")
    return value


def _not_reserved(variable: str) -> str:
    if variable in RESERVED or variable.startswith("DEPLOY_"):
        raise ValueError("is set by this program: use the config key that is made for it")
    return variable


def _reserved_but_debug(variable: str) -> str:
    # Its spelling is the project's, its meaning the key's: see `Settings`.
    return variable if variable == "DEBUG" else _not_reserved(variable)


def _further_alias(alias: str) -> str:
    if alias == "default":
        raise ValueError("is the site's own database: the key `database` decides where that is")
    return alias


def _further_url(value: SecretStr) -> SecretStr:
    database_url.check_further(value.get_secret_value())
    return value


def _text(value: object) -> object:
    # YAML reads 1 and true as a number and a boolean; a variable is always text.
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _unordered(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _target(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be an absolute path in the container, without ..")
    if "/app/".startswith(f"{path.rstrip('/')}/"):
        raise ValueError("covers /app, where the release's source is")
    for folder, reason in TAKEN_FOLDERS.items():
        if _overlap(path, folder):
            raise ValueError(f"covers {folder}, {reason}")
    return path


def _overlap(one: str, other: str) -> bool:
    first, second = f"{one.rstrip('/')}/", f"{other}/"
    return first.startswith(second) or second.startswith(first)


def _url_path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("must be a path that begins with /")
    return value


Name = Annotated[
    str, _matches(_NAME, "must be lower-case letters, digits and dashes, at most 40 of them")
]
Module = Annotated[str, _matches(_MODULE, "must be a dotted Python module, such as site.settings")]
_VARIABLE_NAME = _matches(_VARIABLE, "must be the name of an environment variable")
Variable = Annotated[str, _VARIABLE_NAME, AfterValidator(_not_reserved)]
OpenVariable = Annotated[str, _VARIABLE_NAME, AfterValidator(_reserved_but_debug)]
Alias = Annotated[
    str,
    _matches(_ALIAS, "must be an alias of DATABASES: letters, digits, underscores and dashes"),
    AfterValidator(_further_alias),
]
CheckId = Annotated[
    str, _matches(_CHECK, "must be the id that a system check prints, such as security.W004")
]
SqlName = Annotated[
    str, _matches(_SQL_NAME, "must be lower-case letters, digits and underscores, no digit first")
]
Value = Annotated[str, BeforeValidator(_text)]
ReleaseTag = Annotated[
    str,
    _matches(
        _TAG,
        "must be a kept release's tag, or at least its first 6 characters, lower-case: "
        "`pulumi stack output releases -s STACK` shows them",
    ),
]
InsidePath = Annotated[str, _inside("appPath")]
VolumePath = Annotated[str, _inside("the volume that holds the database (dataVolume)")]
Target = Annotated[str, AfterValidator(_target)]
Wsgi = Annotated[str, _matches(_WSGI, "must look like package.wsgi:application")]
StrategyName = Annotated[str, _one_of(STRATEGIES)]
EngineName = Annotated[str, _one_of(ENGINES)]
UnsafePolicy = Annotated[str, _one_of(UNSAFE)]
AheadPolicy = Annotated[str, _one_of(AHEAD)]
ServerUrl = Annotated[SecretStr, AfterValidator(_server_url)]
FurtherUrl = Annotated[SecretStr, AfterValidator(_further_url)]
Unordered = AfterValidator(_unordered)
Origin = Annotated[str, AfterValidator(_origin)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
