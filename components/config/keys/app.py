"""The Django project: where it is, its settings, and how it is run for development."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import CheckId, InsidePath, ManyLines, Module, Unordered, Wsgi
from .base import Keys


class AppKeys(Keys):
    """The Django project."""

    path: str = Field(default="", examples=["../shop"])
    """Required, but with releases.image. Folder of the Django project, relative to Pulumi.yaml or
    absolute.
    """

    settings: Module = Field(default="", examples=["shop.settings.production"])
    """Required, but with releases.image. The project's settings module for production, as a dotted
    name.
    """

    wsgi: Wsgi = ""
    """What gunicorn serves, as module:object; empty takes the project's WSGI_APPLICATION."""

    python_path: InsidePath = ""
    """Folder inside app.path that modules import from; empty finds it by app.settings."""

    requirements: InsidePath = ""
    """File inside app.path that declares the dependencies; empty finds requirements.txt or
    pyproject.toml.
    """

    secret_key: Annotated[SecretStr | None, ManyLines] = Field(default=None, min_length=32)
    """Django's SECRET_KEY; generated once and kept in the stack's state, encrypted. At least 32
    characters.
    """

    secret_key_fallbacks: int = Field(default=1, ge=0, le=5)
    """How many earlier values of app.secretKey are still accepted (SECRET_KEY_FALLBACKS), so that
    another one logs nobody out. 0 after a leak.
    """

    silenced_system_checks: Annotated[tuple[CheckId, ...], Unordered] = Field(
        default=(), examples=[["security.W004"]]
    )
    """Ids of system checks that don't apply, such as security.W004; added to the project's
    SILENCED_SYSTEM_CHECKS.
    """

    overlay: bool = True
    """Supply what the project's settings lack for production. false leaves them alone: they take
    what docs/settings.md lists from the environment, and the build says what they don't.
    """

    debug: bool = False
    """Django's DEBUG."""

    mount_source: bool = False
    """Mount app.path into the container and restart workers when code changes; for development."""

    collect_static_on_startup: bool = False
    """Collect static files at every start too, by COLLECT_STATIC_ON_STARTUP; for development."""
