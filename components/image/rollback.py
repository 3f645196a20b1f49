"""A release that is to serve as it is: an earlier one that is kept, or one from a registry."""

from collections.abc import Sequence

from ..errors import UserError
from ..image_reference import Reference
from .build_context import Release
from .releases_on_host import KeptRelease


def release_again(wanted: str, releases: Sequence[KeptRelease], *, deployment: str) -> Release:
    """The kept release that a tag means.

    Args:
        wanted: its tag, or the first characters of it.
        releases: the releases on the host, of all deployments, and those of this one in a registry,
            those built last first.
        deployment: the deployment that goes back.

    Raises:
        UserError: if it means none of the deployment's, or several; with those that it may be.
    """
    meant = [release for release in releases if release.tag.startswith(wanted)]
    own = [release for release in meant if release.deployment == deployment]
    if len(own) != 1:
        raise _unclear(wanted, meant, [r for r in releases if r.deployment == deployment])
    return Release(
        image=own[0].image,
        tag=own[0].tag,
        context="",
        build_args={},
        dockerfile="",
        app_image=own[0].app_image,
        kept=True,
        health_path=own[0].health_path,
        reference=own[0].reference,
    )


def release_from(image: str, *, deployment: str) -> Release:
    """The release that another stack has built, which is the deployment's own once it is pulled.

    Args:
        image: it, by its digest, as `Reference` reads it.
        deployment: the deployment that serves it.
    """
    tag = Reference.of(image).release
    return Release(
        image=f"{deployment}:{tag}",
        tag=tag,
        context="",
        build_args={},
        dockerfile="",
        app_image="",
        kept=True,
        reference=image,
    )


def _unclear(wanted: str, meant: Sequence[KeptRelease], kept: Sequence[KeptRelease]) -> UserError:
    own = [release for release in meant if release in kept]
    others = [f"it is a release of deployment {r.deployment}" for r in meant if r not in kept]
    what = "several kept releases begin so" if own else "no such release is kept on this host"
    known = [
        f"kept{'' if release.is_on_host else ' in the registry'}: {release.tag}, built "
        f"{release.built}"
        for release in kept
    ]
    return UserError(
        f"releases.pin is {wanted!r}: {what}",
        [
            *([] if own else others),
            *(known or ["no release of this deployment is kept"]),
            "`pulumi config set --path releases.pin TAG -s STACK` with one of these, or `pulumi "
            "config rm --path releases.pin -s STACK` to deploy the project as it is",
        ],
    )
