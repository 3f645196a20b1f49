"""The release that is to serve: the project as it is, or one that config names.

What it is built from follows from config and the project: its base image, the Debian packages that
its requirements need, and what the build is told.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pulumi

from ..config.settings import Settings
from ..data.database import driver
from ..host.docker_host import Host
from ..image.build_context import Release, prepare_release
from ..image.native_packages import Needs, needs
from ..image.project import Project, find_project, unread_lock
from ..image.python_version import fitting_base
from ..image.rollback import release_again, release_from
from ..stack_state import StackState
from . import container_options
from .registry import kept_releases


def release_source(settings: Settings, state: StackState, host: Host) -> Project | Release:
    """What is asked for: the project, the kept release that is pinned, or one from a registry."""
    wanted, deployment = settings.releases, settings.deployment
    if wanted.pin:
        kept = kept_releases(settings, state, host)
        return release_again(wanted.pin, kept, deployment=deployment)
    if wanted.image:
        return release_from(wanted.image, deployment=deployment)
    return find_project(
        Path(settings.app.path),
        settings_module=settings.app.settings,
        python_path=settings.app.python_path,
        requirements=settings.app.requirements,
    )


def base_image_of(settings: Settings, source: Project | Release, host: Host) -> tuple[str, str]:
    """The image that the release starts from, and where it comes from."""
    base = host.base_image(settings.image.base)
    if isinstance(source, Release) or settings.image.base or settings.image.dockerfile:
        return base
    return fitting_base(source, base, can_get=host.can_get)


def release_of(
    settings: Settings, source: Project | Release, host: Host, base_image: str
) -> Release:
    """The release: an earlier one as it is, or the project's, with its build context staged."""
    # An earlier release is served as it is: of the project's files nothing is looked at.
    if isinstance(source, Release):
        return source
    release = _new_release(settings, source, base_image)
    return replace(release, kept=host.has_image(release.image))


def _new_release(settings: Settings, project: Project, base_image: str) -> Release:
    # A Dockerfile of the project's own installs what its requirements need by itself.
    native = Needs() if settings.image.dockerfile else needs(project)
    for way in [] if settings.image.dockerfile else unread_lock(project):
        pulumi.log.warn(
            f"{project.requirements} is read without its lock, versions are chosen anew: {way}; "
            "then set app.requirements to that file"
        )
    if native.of:
        packages = ", ".join(dict.fromkeys((*native.build, *native.run)))
        pulumi.log.info(f"for {', '.join(native.of)} Debian packages are added: {packages}")
    return prepare_release(
        project,
        deployment=settings.deployment,
        base_image=base_image,
        dockerfile=settings.image.dockerfile,
        build_args={
            "APT_NEXT": f"{len(settings.image.apt_packages)} "
            f"{len(settings.image.build_apt_packages)}",
            "APT_PACKAGES": _words(settings.image.apt_packages, native.run),
            "BUILD_APT_PACKAGES": _words(settings.image.build_apt_packages, native.build),
            "BUILD_STEPS": json.dumps(settings.image.build_steps)
            if settings.image.build_steps
            else "",
            "COLLECT": "yes",
            "DATABASE_ENGINE": driver(settings),
            "KEEP_SETUID": "yes" if settings.processes.capabilities else "",
            "HEALTH_PATH": settings.processes.web.health,
            "PYTHON_PATH": project.python_path or ".",
            "REQUIREMENTS": project.requirements,
            "SCHEME": settings.scheme,
            "SECRET_FILES": " ".join(sorted(settings.secret_files)),
            "SETTINGS_MODULE": settings.app.settings,
            "WSGI": settings.app.wsgi,
        },
        environment=container_options.build_environment(settings),
    )


def _words(configured: Sequence[str], known: Sequence[str]) -> str:
    return " ".join(sorted({*configured, *known}))
