"""The one place that reads configuration.

`Settings` declares every config key with its type, its default and its limits; `load` turns the
raw values of a stack into it, or raises `ConfigError` with one line for every key that is wrong.
The keys' descriptions for users are in `Pulumi.yaml`; a unit test holds the two together.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal, get_origin
from urllib.parse import urlsplit

import pulumi
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from ..data import database_url
from ..data.database import ENGINES
from ..data.postgres_roles import SUPERUSER
from ..ledger.plan import STRATEGIES
from ..place import LONGEST, default_deployment
from . import project_keys
from .messages import ConfigError, conflict, count, explain
from .paths import is_printable
from .value_types import (
    AheadPolicy,
    Alias,
    AptPackage,
    CheckId,
    ContainerName,
    DataFile,
    EngineName,
    Extension,
    FurtherUrl,
    HostName,
    ImageName,
    InsidePath,
    MediaFolder,
    Module,
    Name,
    OpenVariable,
    Origin,
    ReleaseTag,
    SecretPath,
    ServerUrl,
    ShellWords,
    Source,
    SqlName,
    StrategyName,
    Target,
    Unordered,
    UnsafePolicy,
    UrlPath,
    Value,
    Variable,
    Wsgi,
)

ADMIN_PASSWORD = "adminPassword"
DATABASE_PASSWORD = "databasePassword"
DATABASE_URL = "databaseUrl"
SECRET_KEY = "secretKey"
SECRETS = (
    *(SECRET_KEY, ADMIN_PASSWORD, DATABASE_PASSWORD, DATABASE_URL),
    *("secretEnvironment", "secretFiles", "databases"),
)
"""Config keys whose values have to be encrypted, and are never shown."""
SECRET_SIZE = 400_000
"""Characters of all secret files together; BuildKit takes secrets of up to 500 kB."""


_MAY_HAVE_LINES = ("admin_password", "secret_key", "seed_steps", "build_steps")


def _text_of(value: object) -> str:
    secret = value.get_secret_value() if isinstance(value, SecretStr) else value
    return secret if isinstance(secret, str) else ""


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
    wsgi: Wsgi = ""
    python_path: InsidePath = ""
    requirements: InsidePath = ""
    dockerfile: InsidePath = ""
    apt_packages: Annotated[tuple[AptPackage, ...], Unordered] = ()
    build_apt_packages: Annotated[tuple[AptPackage, ...], Unordered] = ()
    build_steps: tuple[ShellWords, ...] = ()
    environment: dict[OpenVariable, Value] = {}
    secret_environment: dict[Variable, SecretStr] = {}
    secret_files: dict[SecretPath, SecretStr] = {}
    base_image: ImageName = ""
    silenced_system_checks: Annotated[tuple[CheckId, ...], Unordered] = ()

    # The data
    data: Literal["create", "existing"]
    data_volume: Source = ""
    media_volume: Source = ""
    data_file: Annotated[DataFile, Field(min_length=1)] = "db.sqlite3"
    volumes: dict[Annotated[Source, Field(min_length=1)], Target] = {}
    database: EngineName = "sqlite"
    database_name: Annotated[SqlName, Field(min_length=1)] = "app"
    database_user: Annotated[SqlName, Field(min_length=1)] = "app"
    database_password: SecretStr | None = Field(default=None, min_length=8)
    database_extensions: tuple[Extension, ...] = ()
    database_url: ServerUrl | None = None
    database_timeout: int = Field(default=60, ge=1, le=3600)
    databases: dict[Alias, FurtherUrl] = {}
    postgres_image: ImageName = ""

    # The operations
    strategy: StrategyName = "recommended"
    collect_static_on_startup: bool = False
    migrate_flags: tuple[str, ...] = ("--run-syncdb",)
    migrate_timeout: int = Field(default=600, ge=1, le=86400)
    unsafe_migrations: UnsafePolicy = "refuse"
    database_ahead: AheadPolicy = "refuse"
    backups: int = Field(default=5, ge=0, le=100)
    seeding: bool = False
    seed_steps: tuple[str, ...] = ()
    redeploy: int = Field(default=0, ge=0)
    keep_releases: int = Field(default=5, ge=1, le=100)
    rollback: ReleaseTag = ""
    debug: bool = False
    mount_source: bool = False

    # The site
    deployment: Annotated[Name, Field(min_length=1)]
    port: int = Field(default=8080, ge=1, le=65535)
    origin: Origin = ""
    allowed_hosts: Annotated[tuple[HostName, ...], Unordered] = ()
    admin_user: str = Field(default="admin", min_length=1)
    admin_email: str = "admin@example.org"
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    admin_password: SecretStr | None = Field(default=None, min_length=8)
    retire: tuple[ContainerName, ...] = ()
    max_body_size: int = Field(default=100, ge=1, le=100_000)
    edge: bool = True
    serve_media: bool = True
    private_media: Annotated[tuple[MediaFolder, ...], Unordered] = ()

    # The server
    replicas: int = Field(default=1, ge=1, le=16)
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=4, ge=1, le=64)
    health_path: UrlPath = "/-/health"
    smoke_paths: tuple[UrlPath, ...] = ()
    gate_timeout: int = Field(default=120, ge=1, le=3600)
    stop_grace: int = Field(default=30, ge=1, le=3600)

    @field_validator("*", mode="after")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        # What has several lines, or a null character, is something else in files of other
        # languages. Variables, secrets and commands are handed over as data.
        values = value.values() if isinstance(value, dict) else ()
        texts = value if isinstance(value, tuple) else (value,)
        lines = info.field_name in _MAY_HAVE_LINES
        if any(re.search("[\0\ud800-\udfff]", _text_of(text)) for text in (*texts, *values)):
            raise ValueError("must be text in UTF-8, without null characters")
        if not lines and not all(is_printable(_text_of(text)) for text in texts):
            raise ValueError("must be without line breaks and other control characters")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if STRATEGIES[self.strategy].startup_refused and self.collect_static_on_startup:
            raise conflict(
                "collectStaticOnStartup",
                f"is true, but strategy {self.strategy} never collects outside the build",
                "`pulumi config set collectStaticOnStartup false -s STACK`, or another strategy",
            )
        if self.seeding and not self.seed_steps:
            raise conflict(
                "seedSteps",
                "is empty, but seeding is on",
                "list the management commands to run, `pulumi config set --path 'seedSteps[0]' "
                "COMMAND -s STACK`, or `pulumi config set seeding false -s STACK`",
            )
        if self.mount_source and self.dockerfile:
            raise conflict(
                "mountSource",
                "is true, but where a Dockerfile of the project's own keeps its source is unknown",
                "`pulumi config rm dockerfile -s STACK`, or "
                "`pulumi config set mountSource false -s STACK`",
            )
        if not self.edge and not self.origin:
            raise conflict(
                "origin",
                "is empty, but edge is false: the program does not know where your proxy listens",
                "set it to what visitors type, "
                "`pulumi config set origin https://www.example.org -s STACK`",
            )
        if self.mount_source and self.rollback:
            raise conflict(
                "rollback",
                "is set, but mountSource is true: the mounted source would run, not the release's",
                "`pulumi config rm rollback -s STACK`, or "
                "`pulumi config set mountSource false -s STACK`",
            )
        self._check_database()
        self._check_secret_files()
        for problem in self._project_problems():
            raise problem
        given = {"dataVolume": self.data_volume, "mediaVolume": self.media_volume}
        if self.data == "create" and any(given.values()):
            key = next(key for key, value in given.items() if value)
            raise conflict(
                key,
                "names a volume that exists already, but data is create",
                f"`pulumi config set data existing -s STACK`, or `pulumi config rm {key} -s STACK`",
            )
        return self

    def _check_secret_files(self) -> None:
        if self.secret_files and self.mount_source:
            raise conflict(
                "secretFiles",
                "is set, but mountSource is true: what is mounted is your own folder, read-only",
                "put the files into the project's folder, and remove secretFiles in this stack",
            )
        for path in self.secret_files:
            if any(other.startswith(f"{path}/") for other in self.secret_files):
                raise conflict(
                    "secretFiles",
                    f"names {path!r} both as a file and as a folder of files",
                    "remove one of them",
                )
        if sum(len(text.get_secret_value()) for text in self.secret_files.values()) > SECRET_SIZE:
            raise conflict(
                "secretFiles",
                f"has more than {SECRET_SIZE // 1000} kB in all, which no build secret may have",
                "keep what is no secret in the project",
            )

    def _check_database(self) -> None:
        engine, wanted = ENGINES[self.database], ENGINES[self.database].secret == DATABASE_URL
        if wanted and self.database_url is None:
            raise conflict(
                DATABASE_URL,
                f"is missing, but database is {self.database}",
                f"`pulumi config set --secret {DATABASE_URL} -s STACK` asks for it",
            )
        if self.database_url is not None and not wanted:
            raise conflict(
                DATABASE_URL,
                f"is set, but database is {self.database}",
                "if the site's data is there, move it first (docs/databases.md); then remove it "
                f"with `pulumi config rm {DATABASE_URL} -s STACK`",
            )
        self._check_server(engine.marker != "")
        if self.data_volume and not engine.volume:
            raise conflict(
                "dataVolume",
                f"names a volume, but database is {self.database}: no volume holds that data",
                "`pulumi config rm dataVolume -s STACK`, or choose the engine whose data is in it",
            )

    def _project_problems(self) -> Iterator[ValueError]:
        yield from project_keys.problems(
            debug=self.debug,
            environment=self.environment,
            secrets=self.secret_environment,
            seed_steps=self.seed_steps,
        )
        files = {
            alias: database_url.sqlite_file(url) for alias, url in self.further_databases.items()
        }
        yield from project_keys.lost_files(
            {alias: file for alias, file in files.items() if file},
            volumes=self.volumes.values(),
            sqlite=self.database == "sqlite",
        )

    def _check_server(self, own: bool) -> None:
        if self.database_extensions and not own:
            raise conflict(
                "databaseExtensions",
                f"names extensions, but database is {self.database}: no server of the deployment's "
                "own has a superuser to make them",
                "remove it with `pulumi config rm databaseExtensions -s STACK`; in a PostgreSQL "
                "elsewhere its owner makes them (CREATE EXTENSION)",
            )
        if not own or self.data == "existing":
            return
        taken = {"databaseUser": self.database_user, "databaseName": self.database_name}
        for key, name in taken.items():
            if name in (SUPERUSER, "template0", "template1") or name.startswith("pg_"):
                raise conflict(
                    key,
                    f"is {name}, which is the server's own: the application's user is not its "
                    "superuser, and owns a database that is the site's alone",
                    f"choose another name, or remove it with `pulumi config rm {key} -s STACK`",
                )

    @property
    def public_origin(self) -> str:
        """The origin that visitors type: `origin`, else the published port on the loopback."""
        return self.origin or f"http://127.0.0.1:{self.port}"

    @property
    def scheme(self) -> str:
        """The scheme of the public origin, ``http`` or ``https``."""
        return urlsplit(self.public_origin).scheme

    @property
    def gate_terms(self) -> dict[str, str]:
        """What the gate is told that is no part of a container: another value is another try."""
        return {
            "gateTimeout": str(self.gate_timeout),
            "smokePaths": json.dumps(list(self.smoke_paths)),
        }

    @property
    def further_secrets(self) -> dict[str, str]:
        """What config alone makes secret, in plain text, for the secrets' volume and nowhere else.

        `secretEnvironment`, and the URLs in `databases`: the one of the first alias by name is
        DEPLOY_DATABASE_URL_1, since an alias need not be the name of a variable.
        """
        given = {name: value.get_secret_value() for name, value in self.secret_environment.items()}
        urls = enumerate(self.further_databases.values(), 1)
        return {**given, **{f"DEPLOY_DATABASE_URL_{number}": url for number, url in urls}}

    @property
    def further_databases(self) -> dict[str, str]:
        """`databases` in plain text, by alias, in the order of the aliases' names."""
        return {alias: url.get_secret_value() for alias, url in sorted(self.databases.items())}

    @property
    def secret_file_texts(self) -> dict[str, str]:
        """`secretFiles` in plain text, for the secrets' volume and the image's build alone."""
        return {path: text.get_secret_value() for path, text in self.secret_files.items()}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values for ALLOWED_HOSTS: the public origin's host first, then the configured."""
        host = urlsplit(self.public_origin).hostname or "127.0.0.1"
        host = f"[{host}]" if ":" in host else host
        return tuple(dict.fromkeys((host, "localhost", "127.0.0.1", *self.allowed_hosts)))


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
        named = {"deployment": default_deployment(stack)}
        settings = Settings.model_validate({**named, **_decode(given)})
    except ValidationError as error:
        errors = [e for e in error.errors() if e["loc"] != ("deployment",) or "deployment" in given]
        if len(errors) < len(error.errors()):
            problems.append(_unnamed(stack))
        problems += [explain(e, raw, stack, keys=keys(), secret=SECRETS) for e in errors]
    if problems:
        raise ConfigError(f"{file} has {count(problems)}", problems)
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


def _unnamed(stack: str) -> str:
    return (
        f"deployment is empty, and the stack's name {stack!r} gives none of 1 to {LONGEST} "
        "characters, on which what is named after it rests: name it with `pulumi config set "
        f"deployment NAME -s {stack}`"
    )


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
