"""What config and the stack's state say of registries: who comes there, and what is in them."""

from collections.abc import Sequence
from dataclasses import replace

from ..config.settings import Settings
from ..host.docker_host import Host
from ..image.build_context import Release
from ..image.releases_on_host import KeptRelease
from ..image_reference import Reference, as_listed
from ..place import Place
from ..registry import pull, push
from ..registry.check import check
from ..registry.known import InRegistry, releases_of
from ..registry.login import Login
from ..stack_state import StackState


def login_of(settings: Settings) -> Login:
    """Who comes to the registry."""
    password = settings.registry.password
    text = password.get_secret_value() if password else ""
    return Login(user=settings.registry.user, password=text)


def in_registries(state: StackState, deployment: str) -> dict[str, InRegistry]:
    """The releases that a stack has pushed or pulled, by their tags."""
    steps = (Place(deployment).name(role) for role in (push.ROLE, pull.ROLE))
    return {
        tag: release for step in steps for tag, release in releases_of(state[step].result).items()
    }


def kept_releases(settings: Settings, state: StackState, host: Host) -> list[KeptRelease]:
    """The releases that can be gone back to, those built last first: of the host, and elsewhere.

    Args:
        settings: the stack's configuration.
        state: the stack's state.
        host: the Docker host.
    """
    deployment, known = settings.deployment, in_registries(state, settings.deployment)
    found = []
    for release in host.releases():
        there = known.pop(release.tag, None) if release.deployment == deployment else None
        found.append(replace(release, reference=there.image) if there else release)
    found += [
        KeptRelease(
            deployment=deployment,
            tag=tag,
            built=there.built,
            health_path=there.health_path,
            reference=there.image,
            is_on_host=False,
        )
        for tag, there in known.items()
    ]
    return sorted(found, key=lambda release: (release.built, release.tag), reverse=True)


def check_registry(settings: Settings, state: StackState, host: Host, release: Release) -> None:
    """Refuse a registry that is known not to do what this update needs of it.

    Args:
        settings: the stack's configuration.
        state: the stack's state.
        host: the Docker host.
        release: the release that is to serve.

    Raises:
        UserError: naming the key, and what to do.
    """
    login, at = login_of(settings), settings.host
    if release.reference:
        if not host.has_image(release.image):
            wants = Reference.of(release.reference)
            check(login, name=wants.name, wants=wants, at=at)
        return
    name = settings.registry.image
    pushed = state[Place(settings.deployment).name(push.ROLE)].triggers
    if name and (pushed.get("image"), pushed.get("name")) != (release.image, name):
        check(login, name=name, wants=None, at=at)


def repositories(settings: Settings) -> Sequence[str]:
    """The names of the site's releases in registries, which they have on the host as well."""
    image = settings.releases.image
    names = [settings.registry.image, Reference.of(image).name if image else ""]
    return list(dict.fromkeys(map(as_listed, filter(None, names))))
