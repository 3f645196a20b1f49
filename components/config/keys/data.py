"""The database, uploaded files and further volumes."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import (
    Alias,
    DataFile,
    EngineName,
    Extension,
    FurtherUrl,
    ImageName,
    ServerUrl,
    Source,
    SqlName,
    Target,
)
from .base import Keys


class DataKeys(Keys):
    """The data."""

    data_volume: Source = ""
    """With existing data, the volume, or absolute folder on the host, that holds the database;
    empty is DEPLOYMENT-data, with postgres DEPLOYMENT-postgres.
    """

    media_volume: Source = ""
    """With existing data, the volume, or absolute folder on the host, that holds uploaded files;
    empty is DEPLOYMENT-media.
    """

    data_file: Annotated[DataFile, Field(min_length=1)] = "db.sqlite3"
    """The SQLite database's file inside its volume."""

    volumes: dict[Annotated[Source, Field(min_length=1)], Target] = Field(
        default={}, examples=[{"shop-exports": "/srv/exports"}]
    )
    """Further volumes, or absolute folders on the host, as name to path in the container; never
    deleted, but all that is in them is given to the user 10001 that the application runs as.
    """

    database: EngineName = "sqlite"
    """What keeps the data: sqlite, a file in a volume; postgres, a server in a container; external,
    a server elsewhere (databaseUrl).
    """

    database_name: Annotated[SqlName, Field(min_length=1)] = "app"
    """With postgres, the database's name."""

    database_user: Annotated[SqlName, Field(min_length=1)] = "app"
    """With postgres, the user's name; it owns the database and is no superuser."""

    database_password: SecretStr | None = Field(default=None, min_length=8)
    """With postgres, the user's password; generated once and kept in the stack's config as a
    secret. At least 8 characters.
    """

    database_extensions: tuple[Extension, ...] = Field(default=(), examples=[["pg_trgm"]])
    """With postgres, extensions that the server's superuser makes in the database, such as pg_trgm;
    the server's image has to have them.
    """

    database_url: ServerUrl | None = None
    """With external, the database as a secret URL such as postgres://USER:PASSWORD@HOST:5432/NAME.
    """

    database_timeout: int = Field(default=60, ge=1, le=3600)
    """Seconds that a database server may take to answer."""

    databases: dict[Alias, FurtherUrl] = Field(default={})
    """Further aliases of DATABASES, as alias to secret URL; `pulumi config set --secret --path
    'databases["archive"]'`. Asked by the health endpoint, neither migrated nor copied.
    """

    postgres_image: ImageName = ""
    """With postgres, an image such as postgres:17; empty builds one from Debian's packages. A
    PostgreSQL elsewhere is copied with its tools.
    """
