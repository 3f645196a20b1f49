"""Every config key, declared once: its type, its limits, its default, and what it does.

`make config` writes `docs/configuration.md`, `stacks/schema.json` and the table in the README from
these declarations, and `make check` fails where they say something else.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo

from ..value_types import (
    Alias,
    ContainerName,
    DockerAddress,
    FurtherUrl,
    ManyLines,
    Name,
    OpenVariable,
    SecretPath,
    Source,
    StrategyName,
    Target,
    Value,
    Variable,
)
from .admin import AdminKeys
from .app import AppKeys
from .base import Keys, fields_of, keys_in, section
from .database import DatabaseKeys
from .image import ImageKeys
from .media import MediaKeys
from .processes import ProcessKeys
from .processes import WebKeys as WebKeys
from .registry import RegistryKeys
from .releases import MigrationKeys, ReleaseKeys
from .shared_edge import HostKeys as HostKeys
from .site import AccessKeys as AccessKeys
from .site import SiteKeys
from .tls import AcmeKeys as AcmeKeys
from .tls import TlsKeys, TlsMode

ADMIN_PASSWORD = "admin.password"
DATABASE_PASSWORD = "database.password"
DATABASE_URL = "database.url"
DATABASE_DIRECT_URL = "database.directUrl"
DATABASE_VOLUME = "database.volume"
MEDIA_VOLUME = "media.volume"
SECRET_KEY = "app.secretKey"
SHARED_EDGE = "sharedEdge"
TLS_CERTIFICATE = "tls.certificate"
TLS_KEY = "tls.key"


class AllKeys(Keys):
    """All keys of a site, in the order in which people read them; `Settings` adds what they say."""

    app: AppKeys = section()
    """The Django project."""

    data: Literal["create", "existing"] = Field(examples=["create"])
    """Required. create: the site is new and its data is created. existing: the data is there and is
    only referenced.
    """

    seed: Annotated[tuple[str, ...], ManyLines] = Field(
        default=(), examples=[["create_categories", "create_pages --language en"]]
    )
    """Idempotent management commands that the seeding job runs in order, each as one would type it
    after manage.py; with placeholders such as {adminPassword}. The job runs on a clean server, and
    again when they or releases.redeploy change; without any there is no job.
    """

    deployment: Annotated[Name, Field(min_length=1)]
    """Identity of the site on its host, the first part of every name; empty is the stack's name, in
    lower case and with dashes for what is neither letter nor digit.
    """

    host: DockerAddress = Field(default="", examples=["ssh://deploy@web1.example.org"])
    """Where the Docker daemon is: ssh://USER@HOST[:PORT], or unix:///PATH of a socket on this
    machine; empty is the docker client's own choice (DOCKER_HOST, or its context).
    """

    site: SiteKeys = section()
    """Where visitors reach the site."""

    tls: TlsKeys = section()
    """What ends TLS, and what with."""

    database: DatabaseKeys = section()
    """The database."""

    databases: dict[Alias, FurtherUrl] = Field(default={})
    """Further aliases of DATABASES, as alias to secret URL; `pulumi config set --secret --path
    'databases["archive"]'`. Asked by the health endpoint, neither migrated nor copied.
    """

    media: MediaKeys = section()
    """Uploaded files."""

    volumes: dict[Annotated[Source, Field(min_length=1)], Target] = Field(
        default={}, examples=[{"shop-exports": "/srv/exports"}]
    )
    """Further volumes, or absolute folders on the host, as name to path in the container; never
    deleted, but all that is in them is given to the user 10001 that the application runs as.
    """

    env: dict[OpenVariable, Value] = Field(default={}, examples=[{"SHOP_CURRENCY": "EUR"}])
    """Further environment variables for the project's settings, as name to value; not for secrets.
    DEBUG may only spell what app.debug says.
    """

    secrets: dict[Variable, SecretStr] = Field(default={})
    """Further secrets, as name to value; `pulumi config set --secret --path
    'secrets["SMTP_PASSWORD"]'`. Handed over as files.
    """

    secret_files: dict[SecretPath, SecretStr] = Field(default={})
    """Secret files that the project reads, as path inside app.path to content; `pulumi config set
    --secret --path 'secretFiles["conf/secrets.json"]' < FILE`. There in the build and in
    containers, never in the image.
    """

    admin: AdminKeys = section()
    """The first administrator, for a seed step that creates one."""

    image: ImageKeys = section()
    """The project's image."""

    processes: ProcessKeys = section()
    """The processes of a release."""

    strategy: StrategyName = "recommended"
    """Where static files are collected besides the build, one of recommended, conservative,
    production-optimized, aggressive.
    """

    migrations: MigrationKeys = section()
    """Migrations."""

    releases: ReleaseKeys = section()
    """Releases."""

    registry: RegistryKeys = section()
    """The registry of releases."""

    retire: tuple[ContainerName, ...] = Field(default=(), examples=[["old-web-1"]])
    """Containers that served until now; they are stopped and kept once the new backend is healthy.
    """

    @property
    def tls_mode(self) -> TlsMode:
        """What ends TLS: `tls.mode`, or what follows where that is empty."""
        if self.tls.mode:
            return self.tls.mode
        if not (self.site.domains and self.site.edge):
            return "off"
        return "files" if self.tls.certificate or self.tls.key else "auto"


def top_level() -> dict[str, FieldInfo]:
    """Every key at the top of a stack's config, with the field that declares it."""
    return {**fields_of(AllKeys), SHARED_EDGE: fields_of(HostKeys)[SHARED_EDGE]}


def all_keys() -> dict[str, FieldInfo]:
    """Every key by its path, such as ``database.engine``, with the field that declares it."""
    return dict(_below(top_level()))


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by their keys' paths, each in the objects that its path names.

    Args:
        values: such as ``{"site.port": 8080}``, which becomes ``{"site": {"port": 8080}}``.
    """
    found: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        inner = found
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


def _below(fields: Mapping[str, FieldInfo], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in fields.items():
        path, inner = prefix + name, keys_in(field)
        if inner is None:
            yield path, field
        else:
            yield from _below(fields_of(inner), f"{path}.")
