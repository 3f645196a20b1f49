"""The project's image: what it starts from, and what is put into it."""

from typing import Annotated

from pydantic import Field

from ..value_types import AptPackage, ImageName, InsidePath, ManyLines, ShellWords, Unordered
from .base import Keys


class ImageKeys(Keys):
    """The project's image."""

    base: ImageName = ""
    """Image that the project's image starts from, not the edge's and PostgreSQL's, best with its
    digest (NAME:TAG@sha256:…); empty takes one bootstrapped on this host, else
    python:3.13-slim-trixie.
    """

    dockerfile: InsidePath = ""
    """The project's own Dockerfile inside app.path; empty uses the program's."""

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
    commands, and anything else as a shell command in app.path.
    """
