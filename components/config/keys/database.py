"""The database that a deployment owns, or is told of."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import (
    Capability,
    Certificates,
    DataFile,
    EngineName,
    Extension,
    ImageName,
    ManyLines,
    Megabytes,
    Processors,
    ServerSetting,
    ServerUrl,
    Source,
    SqlName,
    Unordered,
    Value,
)
from .base import Keys


class DatabaseKeys(Keys):
    """The database."""

    engine: EngineName = Field(default="sqlite", examples=["postgres"])
    """What keeps the data: sqlite, a file in a volume; postgres, a server in a container; external,
    a server elsewhere (database.url).
    """

    volume: Source = ""
    """With existing data, the volume, or absolute folder on the host, that holds the database;
    empty is DEPLOYMENT-data, with postgres DEPLOYMENT-postgres.
    """

    file: Annotated[DataFile, Field(min_length=1)] = "db.sqlite3"
    """With sqlite, the database's file inside its volume."""

    name: Annotated[SqlName, Field(min_length=1)] = "app"
    """With postgres, the database's name."""

    user: Annotated[SqlName, Field(min_length=1)] = "app"
    """With postgres, the user's name; it owns the database and is no superuser."""

    password: SecretStr | None = Field(default=None, min_length=8)
    """With postgres, the user's password; generated once and kept in the stack's state,
    encrypted. At least 8 characters.
    """

    extensions: tuple[Extension, ...] = Field(default=(), examples=[["pg_trgm"]])
    """With postgres, extensions that the server's superuser makes in the database, such as pg_trgm;
    the server's image has to have them.
    """

    settings: dict[ServerSetting, Value] = Field(
        default={}, examples=[{"shared_buffers": "256MB", "max_connections": 200}]
    )
    """With postgres, settings of the server, as name to value; one that takes a restart of the
    server is said in the preview.
    """

    image: ImageName = ""
    """With postgres, an image such as postgres:17, best with its digest (postgres:17@sha256:…);
    empty builds one from Debian's packages. A PostgreSQL elsewhere is copied with its tools.
    """

    url: ServerUrl | None = None
    """With external, the database as a secret URL such as postgres://USER:PASSWORD@HOST:5432/NAME.
    """

    direct_url: ServerUrl | None = None
    """With external, where database.url leads to a pooler that lends connections by the transaction
    (pgbouncer), the server itself as a secret URL: migrations, the seeding job, copies and commands
    by hand go there.
    """

    ca: Annotated[Certificates, ManyLines] = ""
    """With a PostgreSQL elsewhere, the certificate, in PEM, of the authority that signed the
    server's; `pulumi config set --path database.ca < ca.pem`. Empty is the system's roots.
    """

    timeout: int = Field(default=60, ge=1, le=3600)
    """Seconds that a database server may take to answer."""

    backups: int = Field(default=5, ge=0, le=100)
    """How many copies of the database are kept; one is made before migrations run on an update. 0
    makes none.
    """

    memory: Megabytes = Field(default=0, examples=[1024])
    """With postgres, megabytes that the server's container may take; 0 is no limit."""

    cpus: Processors = Field(default=0, examples=[2])
    """With postgres, processors that it may take, such as 1.5; 0 is no limit."""

    writable_root: bool = False
    """With postgres, whether the server's image (database.image) may write elsewhere than to its
    data, its socket's folder and /tmp.
    """

    capabilities: Annotated[tuple[Capability, ...], Unordered] = Field(
        default=(), examples=[["IPC_LOCK"]]
    )
    """With postgres, Linux capabilities that the server's image (database.image) needs besides
    those by which it becomes the user postgres.
    """
