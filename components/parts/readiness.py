"""Whether the Docker host can do what an update needs, said before anything on it is changed."""

from collections.abc import Iterable, Iterator

import pulumi

from ..config.settings import Settings
from ..errors import UserError, for_stack
from ..host import preflight
from ..host.docker_host import Host
from ..host.finding import Finding
from ..image.build_context import Release
from ..own_commands import ACTIVATE, PROGRAM, steps_find_it


def check_steps() -> None:
    """Refuse an environment in which the steps of an update would not find this program.

    Raises:
        UserError: saying how another is activated.
    """
    if not steps_find_it():
        raise UserError(
            f"the first python3 on PATH, which runs the steps of an update, has no {PROGRAM}",
            [
                f"`{ACTIVATE}` with the Python that {PROGRAM} is installed for, or activate its "
                "virtual environment; then run it again"
            ],
        )


def check_here(settings: Settings, host: Host) -> None:
    """Refuse what only a daemon on this machine can do.

    Args:
        settings: the site's configuration.
        host: the Docker host.

    Raises:
        UserError: naming the key.
    """
    if settings.app.mount_source and not host.is_local:
        raise UserError(
            f"app.mountSource is true, but the host is another machine: {host.address}",
            [
                "it mounts the project's folder of this machine, which that host has not: "
                "`pulumi config set --path app.mountSource false -s STACK`, or deploy to a daemon "
                "on this machine"
            ],
        )


def check_host(settings: Settings, host: Host, release: Release, base_image: str) -> None:
    """Refuse what stops an update, and warn of what else is wrong with the host.

    Args:
        settings: the site's configuration.
        host: the Docker host.
        release: the release that is to serve.
        base_image: the image that it starts from.

    Raises:
        UserError: with one line for each thing that stops it, and what mends it.
    """
    judge(_findings(settings, host, release, base_image), host)


def judge(findings: Iterable[Finding], host: Host, what: str = "this release") -> None:
    """Refuse what stops an update, and warn of the rest.

    Args:
        findings: what was found of the host.
        host: the Docker host.
        what: what is to be deployed there.

    Raises:
        UserError: as `check_host`.
    """
    found = [one for one in findings if one.state == "wrong"]
    stops = [f"{one.said}: {one.remedy}" for one in found if one.stops]
    if stops:
        where = host.address or "the default address"
        raise UserError(f"the Docker host at {where} can't take {what}", stops)
    for one in found:
        pulumi.log.warn(for_stack(f"the Docker host's {one.of}: {one.said}. {one.remedy}"))


def _findings(
    settings: Settings, host: Host, release: Release, base_image: str
) -> Iterator[Finding]:
    pulls = bool(release.reference) and not host.has_image(release.image)
    yield from preflight.examine(host.known, builds=pulls or not release.kept)
    images = {"database.image": settings.database.image}
    # A release that is there runs there.
    if not release.kept:
        images["image.base"] = base_image
    yield from host.unfit(images)
