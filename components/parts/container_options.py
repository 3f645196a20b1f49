"""What every container of the application gets, whether it serves or seeds."""

import json
from collections.abc import Sequence
from pathlib import Path

import pulumi

from ..config.project_keys import debug_variable
from ..config.settings import Settings
from ..container_defaults import TEMPORARY, Restrictions, application_processes
from ..data.database_address import Address
from ..data.database_url import build_url
from ..data.mounts import Mount
from ..inside import SECRETS

SOURCE_FOLDER = "/app"
# Megabytes: ten of the largest uploads at once, as the limit on bodies is by default.
_TEMPORARY_SIZE = 1024


def environment(settings: Settings, *, database: Address, release: str) -> dict[str, str]:
    """The environment of the application's containers. It holds no secret.

    Args:
        settings: the stack's settings.
        database: where the database is; a URL that is a secret is handed over with the others.
        release: the release's content tag, for the application to show.
    """
    ours = {
        "ALLOWED_HOSTS": ",".join(settings.hosts),
        "CSRF_TRUSTED_ORIGINS": settings.public_origin,
        **project_variables(settings, debug=settings.app.debug),
        "DEPLOY_PRIVATE_MEDIA": json.dumps(settings.media.private),
        "DEPLOY_SERVE_MEDIA": _flag(settings.media.serve),
        "DEPLOY_DEPLOYMENT": settings.deployment,
        "DEPLOY_DATABASE_TIMEOUT": str(settings.database.timeout),
        "DEPLOY_MIGRATE_TIMEOUT": str(settings.migrations.timeout),
        "RELEASE": release,
    }
    if not database.is_secret:
        ours["DATABASE_URL"] = database.url
    return {**settings.env, **ours}


def project_variables(settings: Settings, *, debug: bool) -> dict[str, str]:
    """What the project's settings are told alike in containers and while the image is built.

    Args:
        settings: the stack's settings.
        debug: what DEBUG says.
    """
    return {
        "DEBUG": debug_variable(debug, settings.env),
        "DEPLOY_DATABASES": ",".join(settings.further_databases),
        "DEPLOY_SILENCED_CHECKS": ",".join(settings.app.silenced_system_checks),
        **({} if settings.app.overlay else {"DEPLOY_OVERLAY": "false"}),
    }


def build_environment(settings: Settings) -> dict[str, str]:
    """The variables of the project's settings while the image is built, without a real secret."""
    urls = enumerate(settings.further_databases.values(), 1)
    return {
        **settings.env,
        **dict.fromkeys(settings.secrets, "placeholder-while-the-image-is-built"),
        # Of a database's address only the kind matters, which decides the driver.
        **{f"DEPLOY_DATABASE_URL_{number}": build_url(url) for number, url in urls},
        # Static files are collected for a site that is not in development.
        **project_variables(settings, debug=False),
    }


def superuser(settings: Settings) -> dict[str, str]:
    """Django's own variables for a first administrator, for seed steps that create one."""
    return {
        "DJANGO_SUPERUSER_EMAIL": settings.admin.email,
        "DJANGO_SUPERUSER_USERNAME": settings.admin.user,
    }


def serving(settings: Settings, *, collect: bool) -> dict[str, str]:
    """What only those that serve get: the switch of the start-up command, and what bounds them.

    Args:
        settings: the stack's settings.
        collect: static files are collected at each start.
    """
    return {
        "COLLECT_STATIC_ON_STARTUP": _flag(collect),
        # Nothing reads these: with others it is another container, and they say why one starts.
        "DEPLOY_TEMPORARY_MB": str(temporary_size(settings)),
        "DEPLOY_RESTRICTIONS": restrictions(settings).summary,
    }


def restrictions(settings: Settings) -> Restrictions:
    """What each container of the application is denied."""
    processes = settings.processes
    return Restrictions(
        capabilities=processes.capabilities,
        gains=bool(processes.capabilities),
        writable=processes.writable_root,
        temporary=temporary(settings),
        processes=application_processes(processes.web.workers, processes.web.threads),
        memory=processes.memory,
        cpus=processes.cpus,
    )


def temporary(settings: Settings) -> dict[str, str]:
    """The containers' temporary folder by its path, with the options of a tmpfs that bound it.

    Django puts an upload of more than 2.5 MB there before the project sees it. A limit on the disk
    would take a file system with quotas; memory is bounded everywhere, and only taken meanwhile.
    A volume of one's own in its place stays.
    """
    if TEMPORARY in settings.volumes.values():
        return {}
    return {TEMPORARY: f"size={temporary_size(settings)}m,mode=1777,exec"}


def temporary_size(settings: Settings) -> int:
    """Megabytes of the temporary folder: never so few that two of the largest bodies do not fit."""
    return max(_TEMPORARY_SIZE, 2 * settings.site.max_body_size)


def mounts(
    settings: Settings,
    *,
    data: Sequence[Mount],
    files: Sequence[Mount],
    secret_files: pulumi.Input[str],
) -> list[Mount]:
    """The mounts of the application's containers, in a stable order.

    Args:
        settings: the stack's settings.
        data: what holds the database, if it is in files.
        files: what holds uploaded files, and static files that are collected again.
        secret_files: the volume with the secrets.
    """
    found = [
        *data,
        *files,
        Mount(source=secret_files, target=SECRETS, read_only=True),
    ]
    found += [Mount.of(name, path) for name, path in sorted(settings.volumes.items())]
    if settings.app.mount_source:
        source = str(Path(settings.app.path).resolve())
        found.append(Mount(type="bind", source=source, target=SOURCE_FOLDER, read_only=True))
    return found


def _flag(value: bool) -> str:
    return "true" if value else "false"
