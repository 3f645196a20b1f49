"""The one place that reads configuration.

`Settings` declares every config key with its type, its default and its limits; `load` turns the
raw values of a stack into it, or raises `ConfigError` with one line for every key that is wrong.
The keys' descriptions for users are in `Pulumi.yaml`; a unit test holds the two together.
"""

import difflib
import json
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_origin
from urllib.parse import urlsplit

import pulumi
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components import database_url
from components.database import ENGINES
from components.errors import UserError
from components.plan import STRATEGIES

ADMIN_PASSWORD = "adminPassword"
DATABASE_PASSWORD = "databasePassword"
DATABASE_URL = "databaseUrl"
SECRET_KEY = "secretKey"
SECRETS = (SECRET_KEY, ADMIN_PASSWORD, DATABASE_PASSWORD, DATABASE_URL, "secretEnvironment")
"""Config keys whose values have to be encrypted, and are never shown."""

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
    "/run/secrets": "where the secrets are",
    "/opt/venv": "where the release's dependencies are",
    "/opt/deploy": "where the runtime is",
}
"""Folders of the containers that no volume of the user's may cover, and why."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_WSGI = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _matches(pattern: re.Pattern[str], says: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not pattern.fullmatch(value):
            raise ValueError(says)
        return value

    return AfterValidator(check)


def _relative(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise ValueError("must be a path inside appPath, without a leading / and without ..")
    return value.strip("/")


def _strategy(value: str) -> str:
    if value not in STRATEGIES:
        raise ValueError(f"must be one of {', '.join(STRATEGIES)}")
    return value


def _engine(value: str) -> str:
    if value not in ENGINES:
        raise ValueError(f"must be one of {', '.join(ENGINES)}")
    return value


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


def _text(value: object) -> object:
    # YAML reads 1 and true as a number and a boolean; a variable is always text.
    return json.dumps(value) if isinstance(value, bool | int | float) else value


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
Variable = Annotated[
    str,
    _matches(_VARIABLE, "must be the name of an environment variable"),
    AfterValidator(_not_reserved),
]
SqlName = Annotated[
    str, _matches(_SQL_NAME, "must be lower-case letters, digits and underscores, no digit first")
]
Value = Annotated[str, BeforeValidator(_text)]
InsidePath = Annotated[str, AfterValidator(_relative)]
Target = Annotated[str, AfterValidator(_target)]


class Settings(BaseModel):
    """A stack's configuration, validated. Config keys are the field names in camel case.

    Durations are in seconds, ports are TCP ports. Secrets are None until they have been generated.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    # The project
    app_path: str = Field(min_length=1)
    settings_module: Module = Field(min_length=1)
    wsgi: Annotated[str, _matches(_WSGI, "must look like package.wsgi:application")] = ""
    python_path: InsidePath = ""
    requirements: InsidePath = ""
    dockerfile: InsidePath = ""
    apt_packages: tuple[str, ...] = ()
    environment: dict[Variable, Value] = {}
    secret_environment: dict[Variable, SecretStr] = {}
    base_image: str = ""

    # The data
    data: Literal["create", "existing"]
    data_volume: str = ""
    media_volume: str = ""
    data_file: Annotated[InsidePath, Field(min_length=1)] = "db.sqlite3"
    volumes: dict[str, Target] = {}
    database: Annotated[str, AfterValidator(_engine)] = "sqlite"
    database_name: Annotated[SqlName, Field(min_length=1)] = "app"
    database_user: Annotated[SqlName, Field(min_length=1)] = "app"
    database_password: SecretStr | None = Field(default=None, min_length=8)
    database_url: Annotated[SecretStr, AfterValidator(_server_url)] | None = None
    database_timeout: int = Field(default=60, ge=1, le=3600)
    postgres_image: str = ""

    # The operations
    strategy: Annotated[str, AfterValidator(_strategy)] = "recommended"
    collect_static_on_startup: bool = False
    migrate_flags: tuple[str, ...] = ("--run-syncdb",)
    seeding: bool = False
    seed_steps: tuple[str, ...] = ()
    redeploy: int = Field(default=0, ge=0)
    debug: bool = False
    mount_source: bool = False

    # The site
    deployment: Name = ""
    port: int = Field(default=8080, ge=1, le=65535)
    origin: Annotated[str, AfterValidator(_origin)] = ""
    allowed_hosts: tuple[str, ...] = ()
    admin_user: str = Field(default="admin", min_length=1)
    admin_email: str = "admin@example.org"
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    admin_password: SecretStr | None = Field(default=None, min_length=8)
    retire: tuple[str, ...] = ()
    serve_media: bool = True
    private_media: tuple[InsidePath, ...] = ()

    # The server
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=4, ge=1, le=64)
    health_path: Annotated[str, AfterValidator(_url_path)] = "/-/health"
    gate_timeout: int = Field(default=120, ge=1, le=3600)
    stop_grace: int = Field(default=30, ge=1, le=3600)

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if STRATEGIES[self.strategy].startup_refused and self.collect_static_on_startup:
            raise _conflict(
                "collectStaticOnStartup",
                f"is true, but strategy {self.strategy} never collects outside the build",
                "set it to false, or choose another strategy",
            )
        if self.seeding and not self.seed_steps:
            raise _conflict(
                "seedSteps",
                "is empty, but seeding is on",
                "list the management commands to run, or set seeding to false",
            )
        if self.mount_source and self.dockerfile:
            raise _conflict(
                "mountSource",
                "is true, but where a Dockerfile of the project's own keeps its source is unknown",
                "remove dockerfile in this stack, or set mountSource to false",
            )
        self._check_database()
        given = {"dataVolume": self.data_volume, "mediaVolume": self.media_volume}
        if self.data == "create" and any(given.values()):
            key = next(key for key, value in given.items() if value)
            raise _conflict(
                key,
                "names a volume that exists already, but data is create",
                "set data to existing, or remove the key",
            )
        return self

    def _check_database(self) -> None:
        engine, wanted = ENGINES[self.database], ENGINES[self.database].secret == DATABASE_URL
        if wanted and self.database_url is None:
            raise _conflict(
                DATABASE_URL,
                f"is missing, but database is {self.database}",
                f"`pulumi config set --secret {DATABASE_URL}` asks for it",
            )
        if self.database_url is not None and not wanted:
            raise _conflict(
                DATABASE_URL,
                f"is set, but database is {self.database}",
                "if the site's data is there, move it first (docs/databases.md); then remove it "
                f"with `pulumi config rm {DATABASE_URL}`",
            )
        if self.data_volume and not engine.volume:
            raise _conflict(
                "dataVolume",
                f"names a volume, but database is {self.database}: no volume holds that data",
                "remove dataVolume, or choose the engine whose data is in it",
            )

    @property
    def public_origin(self) -> str:
        """The origin that visitors type: `origin`, else the published port on the loopback."""
        return self.origin or f"http://127.0.0.1:{self.port}"

    @property
    def further_secrets(self) -> dict[str, str]:
        """`secretEnvironment` in plain text, for the secrets' volume and nowhere else."""
        return {name: value.get_secret_value() for name, value in self.secret_environment.items()}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values for ALLOWED_HOSTS: the public origin's host first, then the configured."""
        host = urlsplit(self.public_origin).hostname or "127.0.0.1"
        return tuple(dict.fromkeys((host, "localhost", "127.0.0.1", *self.allowed_hosts)))


class ConfigError(UserError):
    """One or more config keys are missing, unknown, of the wrong type or inconsistent."""


class _ConflictError(ValueError):
    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.key, self.problem, self.remedy = key, problem, remedy


def _conflict(key: str, problem: str, remedy: str) -> ValueError:
    return _ConflictError(key, problem, remedy)


def load(
    raw: Mapping[str, str], *, stack: str, file: str, encrypted: Collection[str] = ()
) -> Settings:
    """Validate the raw config of a stack.

    Args:
        raw: config values as Pulumi hands them over: every value is text, and lists and objects
            are JSON; keys have no namespace.
        stack: the stack's name, the default of `deployment`.
        file: the stack's config file, for the error messages.
        encrypted: the keys whose values are encrypted in that file.

    Raises:
        ConfigError: naming every key that is wrong, its value, what is allowed and the remedy.
    """
    given = {key: value for key, value in raw.items() if value not in ("", "{}")}
    problems = [
        f"{key} is in plain text: use `pulumi config set --secret {key} -s {stack}`"
        for key in SECRETS
        if key in given and key not in encrypted
    ]
    try:
        settings = Settings.model_validate({"deployment": _default_name(stack), **_decode(given)})
    except ValidationError as error:
        problems += [_explain(e, raw, stack) for e in error.errors()]
    if problems:
        raise ConfigError(f"{file} has {_count(problems)}", problems)
    return settings


def load_stack() -> Settings:
    """Read and validate the config of the stack that is being deployed.

    Raises:
        ConfigError: see `load`.
    """
    stack, project = pulumi.get_stack(), pulumi.get_project()
    prefix = f"{project}:"
    everything: Mapping[str, str] = pulumi.runtime.config.CONFIG.get()
    raw = {k.removeprefix(prefix): v for k, v in everything.items() if k.startswith(prefix)}
    encrypted = [key for key in raw if pulumi.runtime.is_config_secret(prefix + key)]
    return load(raw, stack=stack, file=f"stacks/Pulumi.{stack}.yaml", encrypted=encrypted)


def keys() -> dict[str, FieldInfo]:
    """Every config key with the field that declares it."""
    return {to_camel(name): field for name, field in Settings.model_fields.items()}


def _default_name(stack: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", stack.lower()).strip("-")[:40]


def _decode(raw: Mapping[str, str]) -> dict[str, Any]:
    known = keys()
    return {
        key: _json(value) if key in known and _is_structured(known[key]) else value
        for key, value in raw.items()
    }


def _is_structured(field: FieldInfo) -> bool:
    return get_origin(field.annotation) in (tuple, dict)


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _explain(error: Any, raw: Mapping[str, str], stack: str) -> str:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, _ConflictError):
        return f"{cause.key} {cause.problem}: {cause.remedy}"
    key, *inner = (str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _explain_unknown(key, stack)
    if error["type"] == "missing":
        return f"{key} is missing: set it with `pulumi config set {key} VALUE -s {stack}`"
    message = str(cause) if cause else error["msg"][:1].lower() + error["msg"][1:]
    where = ".".join([key, *inner])
    shown = "[secret]" if key in SECRETS else raw.get(key, "")
    return f"{where} is {shown!r}: {message}; {_setting(key, stack)}"


def _setting(key: str, stack: str) -> str:
    # Without a value the command asks for it: a secret stays out of the shell's history.
    words = f"--secret {key}" if key in SECRETS else f"{key} VALUE"
    return f"change it with `pulumi config set {words} -s {stack}`"


def _explain_unknown(key: str, stack: str) -> str:
    close = difflib.get_close_matches(key, keys(), n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}? Otherwise remove" if close else "remove"
    remedy = f"{hint} it with `pulumi config rm {key} -s {stack}`"
    return f"{key} is no config key of this program: {remedy}"


def _count(problems: list[str]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
