"""The types of config values, each with what it allows, said as a user should read it."""

import json
import re
import shlex
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_network
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    WithJsonSchema,
)

from ..data import database_url, postgres_settings
from ..data.database import ENGINES
from ..docker_address import docker_address
from ..image_reference import image_name, release_image
from ..ledger.plan import STRATEGIES
from . import certificate, paths
from .linux_capabilities import CAPABILITIES
from .reserved_variables import RESERVED

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_WSGI = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_MIGRATION = re.compile(r"[A-Za-z_]\w*\.\w[\w-]*")
_TAG = re.compile(r"[0-9a-f]{6,16}")
_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_EXTENSION = re.compile(r"[a-z_][a-z0-9_-]{0,62}")
_SECRET_PATH = re.compile(r"[\w.][\w.@+-]*(/[\w.@+-]+)*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_CHECK = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*\.[A-Z]\d+")
# RFC 1123's names, as Django takes them; an address in brackets is IPv6.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?")
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)*(?![0-9]+$){_LABEL}")
# As Let's Encrypt takes them, and as the name of a folder.
_EMAIL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._%+-]*@{_LABEL}(?:\.{_LABEL})+", re.IGNORECASE)
_DIRECTORY = re.compile(
    rf"production|staging|https://{_HOST}(?::[0-9]{{1,5}})?(?:/[A-Za-z0-9._~/%-]*)?", re.IGNORECASE
)
_ALLOWED_HOST = re.compile(rf"\*|\.?{_HOST}")
# RFC 3986's characters of a path and a query, but for the quote, which other languages read.
_URL_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
# Debian's names of packages (policy manual, 5.6.1), with an architecture, version or suite.
_APT = re.compile(r"[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?([=/][A-Za-z0-9.+~:-]+)?")
_IMAGE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._/-]*(:[0-9]+/[A-Za-z0-9._/-]+)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?",
    re.A,
)
# What crypt(3) makes, as `openssl passwd -6` prints it: any other text may be a password.
_PASSWORD_HASH = re.compile(r"\$[0-9a-z]{1,4}\$[./0-9A-Za-z$=,]{20,}")
_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# What would be something else in the database's URL.
_DATA_FILE = re.compile(r"[^?#%]+")


def _matches(pattern: re.Pattern[str], says: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not pattern.fullmatch(value):
            raise ValueError(says)
        return value

    return AfterValidator(check)


def _capability(value: str) -> str:
    name = value.upper().removeprefix("CAP_")
    if name not in CAPABILITIES:
        raise ValueError(f"must be a Linux capability, one of {', '.join(CAPABILITIES)}")
    return name


def _megabytes(value: int) -> int:
    if 0 < value < 64:
        raise ValueError("must be at least 64 megabytes, with which a container starts, or 0")
    return value


def _processors(value: float) -> float:
    if 0 < value < 0.1:
        raise ValueError("must be at least 0.1 processors, or 0")
    return value


def _inside(where: str) -> AfterValidator:
    return AfterValidator(lambda value: paths.inside(value, where))


def _secret_path(value: str) -> str:
    if not _SECRET_PATH.fullmatch(value) or {".", ".."} & set(value.split("/")):
        raise ValueError(
            "must be a file's path inside app.path, such as conf/secrets.json: letters, digits and "
            "any of _ . @ + - between slashes"
        )
    return value


def _shell_words(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError:
        raise ValueError("its quotes don't match") from None
    if not words or "\0" in value:
        raise ValueError("must be a management command or a shell command, as one would type it")
    return value


def _one_of(table: Mapping[str, object]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in table:
            raise ValueError(f"must be one of {', '.join(table)}")
        return value

    return AfterValidator(check)


def _choices(table: Mapping[str, object]) -> WithJsonSchema:
    # Editors offer them.
    return WithJsonSchema({"type": "string", "enum": [*table]})


def _server_url(value: SecretStr) -> SecretStr:
    database_url.check(value.get_secret_value())
    return value


def _origin(value: str) -> str:
    found = _ORIGIN.fullmatch(value.lower())
    port = int(found[3] or 1) if found else 0
    if value and (not found or not 1 <= port <= 65535 or not _is_host(found[2])):
        raise ValueError(
            "must be an origin such as https://www.example.org or http://192.0.2.1:8080, without a "
            "path and without a user; a name in another script as it is in the DNS (xn--…)"
        )
    # As browsers say it: in lower case, and without the port that goes without saying.
    usual = found and found[3] and (found[1], port) in (("http", 80), ("https", 443))
    return f"{found[1]}://{found[2]}" if found and usual else value.lower()


def _is_host(host: str) -> bool:
    try:
        return not host.startswith("[") or bool(IPv6Address(host.strip("[]")))
    except ValueError:
        return False


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(
            f"must be an address or a network such as 192.0.2.7 or 2001:db8::/32 ({error})"
        ) from None


def _password_hash(value: SecretStr) -> SecretStr:
    if not _PASSWORD_HASH.fullmatch(value.get_secret_value()):
        raise ValueError(
            "must be a password's hash, and not the password: `openssl passwd -6` asks for one and "
            "prints the other"
        )
    return value


def _not_reserved(variable: str) -> str:
    if variable in RESERVED or variable.startswith("DEPLOY_"):
        raise ValueError("is set by this program: use the config key that is made for it")
    return variable


def _reserved_but_debug(variable: str) -> str:
    # Its spelling is the project's, its meaning the key's: see `Settings`.
    return variable if variable == "DEBUG" else _not_reserved(variable)


def _server_setting(name: str) -> str:
    if not postgres_settings.NAME.fullmatch(name):
        raise ValueError("must be the name of a setting of PostgreSQL, such as work_mem")
    if name in postgres_settings.DECIDED:
        raise ValueError(f"is the deployment's to decide: {postgres_settings.DECIDED[name]}")
    return name


def _further_alias(alias: str) -> str:
    if alias == "default":
        raise ValueError(
            "is the site's own database: the key `database.engine` decides where that is"
        )
    return alias


def _further_url(value: SecretStr) -> SecretStr:
    database_url.check_further(value.get_secret_value())
    return value


def _certificates(value: str) -> str:
    if value:
        certificate.check_roots(value)
    return value


def _text(value: object) -> object:
    # YAML reads 1 and true as a number and a boolean; a variable is always text.
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _unordered(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


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
Extension = Annotated[
    str,
    Field(min_length=1),
    _matches(_EXTENSION, "must be the name of a PostgreSQL extension, such as pg_trgm"),
]
ServerSetting = Annotated[str, AfterValidator(_server_setting)]
Value = Annotated[str, BeforeValidator(_text)]
ReleaseTag = Annotated[
    str,
    _matches(
        _TAG,
        "must be a kept release's tag, or at least its first 6 characters, lower-case: "
        "`pulumi stack output releases -s STACK` shows them",
    ),
]
InsidePath = Annotated[str, _inside("app.path")]
DataFile = Annotated[
    str,
    _inside("the volume that holds the database (database.volume)"),
    _matches(_DATA_FILE, "must be a file's path in its volume, without ?, # and %"),
]
MediaFolder = Annotated[str, AfterValidator(paths.media_folder)]
Source = Annotated[str, AfterValidator(paths.source)]
Target = Annotated[str, AfterValidator(paths.target)]
AptPackage = Annotated[
    str, Field(min_length=1), _matches(_APT, "must be the name of a Debian package, such as libpq5")
]
ImageName = Annotated[
    str,
    _matches(
        _IMAGE,
        "must be the name of an image, such as debian:trixie, with or without its digest: "
        "debian:trixie@sha256:… and 64 of 0-9 and a-f",
    ),
]
RegistryImage = Annotated[str, AfterValidator(image_name)]
ReleaseImage = Annotated[str, AfterValidator(release_image)]
ContainerName = Annotated[
    str, Field(min_length=1), _matches(_CONTAINER, "must be a container's name, see `docker ps`")
]
HostName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(str.lower),
    _matches(
        _ALLOWED_HOST,
        "must be a host name such as www.example.org, .example.org for all below it, or * for any",
    ),
]
Email = Annotated[str, _matches(_EMAIL, "must be an email address such as you@example.org")]
AcmeDirectory = Annotated[
    str,
    Field(min_length=1),
    _matches(
        _DIRECTORY,
        "must be production, staging, or the https URL of a certificate authority's directory, "
        "without a user and without a query",
    ),
]
DockerAddress = Annotated[str, AfterValidator(docker_address)]
DomainName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(str.lower),
    _matches(
        _DOMAIN,
        "must be a name in the DNS such as www.example.org, without a scheme, a port or a *; a "
        "name in another script as it is there (xn--…)",
    ),
]
IpNetwork = Annotated[str, Field(min_length=1), AfterValidator(_network)]
UserName = Annotated[
    str,
    Field(min_length=1),
    _matches(_USER_NAME, "must be a name of letters, digits and any of _ . @ -"),
]
PasswordHash = Annotated[SecretStr, AfterValidator(_password_hash)]
Wsgi = Annotated[str, _matches(_WSGI, "must look like package.wsgi:application")]
StrategyName = Annotated[str, _one_of(STRATEGIES), _choices(STRATEGIES)]
EngineName = Annotated[str, _one_of(ENGINES), _choices(ENGINES)]
MigrationName = Annotated[
    str,
    Field(min_length=1),
    _matches(
        _MIGRATION,
        "must be a migration as app_label.migration_name, such as shop.0007_drop_name",
    ),
]
Megabytes = Annotated[int, Field(ge=0, le=1_048_576), AfterValidator(_megabytes)]
Processors = Annotated[float, Field(ge=0, le=1024), AfterValidator(_processors)]
Capability = Annotated[str, AfterValidator(_capability)]
SecretPath = Annotated[str, AfterValidator(_secret_path)]
ShellWords = Annotated[str, AfterValidator(_shell_words)]
Certificates = Annotated[str, AfterValidator(_certificates)]
ServerUrl = Annotated[SecretStr, AfterValidator(_server_url)]
FurtherUrl = Annotated[SecretStr, AfterValidator(_further_url)]
Unordered = AfterValidator(_unordered)
Distinct = AfterValidator(_distinct)
ManyLines = "may have line breaks"
"""Marks a key whose texts may: they are handed over as data, and become part of no other file."""
Origin = Annotated[str, AfterValidator(_origin)]
UrlPath = Annotated[
    str,
    Field(min_length=1),
    _matches(
        _URL_PATH,
        "must be a path that begins with /, of the characters of a URL: others as %XX",
    ),
]
