"""The edge that sites on one host share: what is found out first, of it and by sites behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from ..config.host_settings import HostSettings
from ..config.settings import Settings
from ..host import preflight
from ..host.claim import Claim
from ..host.docker_host import Host
from ..host.identity import PROVIDER, STEP, identify
from ..host.processors import check_processors
from ..host.shared_edge import SharedClaim, sites_of
from ..host.vanished import Vanished, find_vanished
from ..place import SHARED_EDGE
from ..pulumi_cli import read_state
from ..stack_state import StackState
from .readiness import check_steps, judge
from .scope import Scope, full_name


@dataclass(frozen=True, kw_only=True)
class SharedEdgePreparation:
    """What a shared edge is made from.

    Attributes:
        settings: its configuration.
        scope: what of the program is its own: all of it.
        stack: the stack's full name, the mark of what it owns.
        host: the Docker host.
        host_identity: what that is known by.
        state: the stack's state.
        vanished: what of it is not on the host any more, or was stopped there by hand.
        debian: the image that everything starts from.
        sites: the container of each domain's edge by domain, as it goes by them now.
    """

    settings: HostSettings
    scope: Scope
    stack: str
    host: Host
    host_identity: str
    state: StackState
    vanished: Vanished
    debian: str
    sites: Mapping[str, str]


def prepare_shared_edge(settings: HostSettings) -> SharedEdgePreparation:
    """Look at the stack's state and at the host.

    Args:
        settings: the stack's configuration.

    Raises:
        UserError: if something is wrong with one of them.
    """
    check_steps()
    stack, host = full_name(), Host(settings.host)
    state = read_state(pulumi.get_stack())
    known_by = identify(state, host, step=STEP, provider=PROVIDER)
    vanished = find_vanished(state, host)
    Claim(
        deployment=settings.deployment,
        stack=stack,
        ports=settings.published,
        data="create",
        volumes={},
        data_file="",
        retire=(),
        owned=state.ids,
        edge=SHARED_EDGE,
    ).check(host)
    check_processors(settings.processors, host.known)
    judge(preflight.examine(host.known), host, "the shared edge")
    return SharedEdgePreparation(
        settings=settings,
        scope=Scope(),
        stack=stack,
        host=host,
        host_identity=known_by,
        state=state,
        vanished=vanished,
        debian=host.base_image("")[0],
        sites=sites_of(host, settings.deployment),
    )


def shared_claim(settings: Settings) -> SharedClaim | None:
    """What a site takes of a shared edge; None where its own edge has the ports.

    Args:
        settings: the site's configuration.
    """
    if not settings.site.shared_edge:
        return None
    return SharedClaim(
        shared=settings.site.shared_edge,
        deployment=settings.deployment,
        domains=settings.site.domains,
        https_port=settings.tls.https_port,
    )
