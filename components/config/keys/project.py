"""The project's code, its image, and what its settings are given."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import (
    AptPackage,
    CheckId,
    ImageName,
    InsidePath,
    ManyLines,
    OpenVariable,
    SecretPath,
    ShellWords,
    Unordered,
    Value,
    Variable,
    Wsgi,
)
from .base import Keys


class ProjectKeys(Keys):
    """The project and its image."""

    wsgi: Wsgi = ""
    """What gunicorn serves, as module:object; empty takes the project's WSGI_APPLICATION."""

    python_path: InsidePath = ""
    """Folder inside appPath that modules import from; empty finds it by settingsModule."""

    requirements: InsidePath = ""
    """File inside appPath that declares the dependencies; empty finds requirements.txt or
    pyproject.toml.
    """

    dockerfile: InsidePath = ""
    """The project's own Dockerfile inside appPath; empty uses the program's."""

    apt_packages: Annotated[tuple[AptPackage, ...], Unordered] = Field(
        default=(), examples=[["libpq5"]]
    )
    """Debian packages that the project needs at run time; those that its known requirements need
    are added.
    """

    build_apt_packages: Annotated[tuple[AptPackage, ...], Unordered] = Field(
        default=(), examples=[["gettext", "nodejs", "npm"]]
    )
    """Debian packages that only building needs, such as compilers, gettext, nodejs and npm; the
    image does not contain them.
    """

    build_steps: Annotated[tuple[ShellWords, ...], ManyLines] = Field(
        default=(), examples=[["npm ci", "npm run build", "compilemessages"]]
    )
    """What is run in order while the image is built, before static files are collected: management
    commands, and anything else as a shell command in appPath.
    """

    environment: dict[OpenVariable, Value] = Field(default={}, examples=[{"SHOP_CURRENCY": "EUR"}])
    """Further environment variables for the project's settings, as name to value; not for secrets.
    DEBUG may only spell what debug says.
    """

    secret_environment: dict[Variable, SecretStr] = Field(default={})
    """Further secrets, as name to value; `pulumi config set --secret --path
    'secretEnvironment["SMTP_PASSWORD"]'`. Handed over as files.
    """

    secret_files: dict[SecretPath, SecretStr] = Field(default={})
    """Secret files that the project reads, as path inside appPath to content; `pulumi config set
    --secret --path 'secretFiles["conf/secrets.json"]' < FILE`. There in the build and in
    containers, never in the image.
    """

    base_image: ImageName = ""
    """Image that the project's image starts from, not the edge's and PostgreSQL's; empty takes one
    bootstrapped on this host, else python:3.13-slim-trixie.
    """

    silenced_system_checks: Annotated[tuple[CheckId, ...], Unordered] = Field(
        default=(), examples=[["security.W004"]]
    )
    """Ids of system checks that don't apply, such as security.W004; added to the project's
    SILENCED_SYSTEM_CHECKS.
    """
