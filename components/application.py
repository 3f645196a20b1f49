"""What every container of the application gets, whether it serves or seeds."""

from pathlib import Path

import pulumi

from components import secrets
from components.database import Database
from components.mounts import Mount
from components.settings import Settings

MEDIA_FOLDER = "/srv/media"
STATIC_FOLDER = "/srv/static"
SOURCE_FOLDER = "/app"


def environment(settings: Settings, *, database_url: str, release: str) -> dict[str, str]:
    """The environment of the application's containers. It holds no secret.

    Args:
        settings: the stack's settings.
        database_url: where the database is.
        release: the release's content tag, for the application to show.
    """
    ours = {
        "ALLOWED_HOSTS": ",".join(settings.hosts),
        "CSRF_TRUSTED_ORIGINS": settings.public_origin,
        "DATABASE_URL": database_url,
        "DEBUG": _flag(settings.debug),
        "RELEASE": release,
    }
    return {**settings.environment, **ours}


def superuser(settings: Settings) -> dict[str, str]:
    """Django's own variables for a first administrator, for seed steps that create one."""
    return {
        "DJANGO_SUPERUSER_EMAIL": settings.admin_email,
        "DJANGO_SUPERUSER_USERNAME": settings.admin_user,
    }


def startup_switch(collect: bool) -> dict[str, str]:
    """The one variable in which start-up commands differ."""
    return {"COLLECT_STATIC_ON_STARTUP": _flag(collect)}


def mounts(
    settings: Settings,
    *,
    database: Database,
    media: pulumi.Input[str],
    secret_files: pulumi.Input[str],
    static: pulumi.Input[str] | None,
) -> list[Mount]:
    """The mounts of the application's containers, in a stable order.

    Args:
        settings: the stack's settings.
        database: what holds the data.
        media: the volume for uploaded files.
        secret_files: the volume with the secrets.
        static: the release's own volume for static files, where they are collected again.
    """
    found = [
        Mount(source=database.volume, target=database.folder),
        Mount(source=media, target=MEDIA_FOLDER),
        Mount(source=secret_files, target=secrets.FOLDER, read_only=True),
    ]
    if static is not None:
        found.append(Mount(source=static, target=STATIC_FOLDER))
    if settings.mount_source:
        source = str(Path(settings.app_path).resolve())
        found.append(Mount(type="bind", source=source, target=SOURCE_FOLDER, read_only=True))
    return found


def _flag(value: bool) -> str:
    return "true" if value else "false"
