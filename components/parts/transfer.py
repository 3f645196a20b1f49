"""A release's way to a registry once it is built, or from one before anything uses it."""

import pulumi

from ..data.database import driver
from ..place import Place
from ..registry import pull
from ..registry.known import Known
from ..registry.pull import Pull
from ..registry.push import Push
from .preparation import Preparation
from .registry import in_registries, login_of


def pull_release(given: Preparation, opts: pulumi.ResourceOptions) -> Pull | None:
    """Have the host have the release, where that comes from a registry."""
    release, settings = given.release, given.settings
    if not release.reference:
        return None
    return Pull(
        settings.deployment,
        {
            "deployment": settings.deployment,
            "reference": release.reference,
            "image": release.image,
            "login": login_of(settings),
            "timeout": settings.registry.timeout,
            "wanted": {
                "database": driver(settings),
                "files": sorted(settings.secret_files),
                "health": given.health_path,
            },
            "times": _times(given),
            "known": _known(given),
        },
        opts,
    )


def push_release(given: Preparation, opts: pulumi.ResourceOptions) -> Push | None:
    """Push the release, where it is built here and config names a registry."""
    settings = given.settings
    if not settings.registry.image or (settings.releases.image and not settings.releases.pin):
        return None
    return Push(
        settings.deployment,
        {
            "deployment": settings.deployment,
            "image": given.release.image,
            "name": settings.registry.image,
            "login": login_of(settings),
            "timeout": settings.registry.timeout,
            "redeploy": settings.releases.redeploy,
            "known": _known(given),
        },
        opts,
    )


def _known(given: Preparation) -> Known:
    settings = given.settings
    releases = in_registries(given.state, settings.deployment)
    return Known(releases=releases, is_pinned=bool(settings.releases.pin))


def _times(given: Preparation) -> int:
    step, image = Place(given.settings.deployment).name(pull.ROLE), given.release.image
    # The step that named it has to do so again.
    gone = given.state[step].triggers.get("image") == image and not given.host.has_image(image)
    return given.state.times(step, "times", again=gone)
