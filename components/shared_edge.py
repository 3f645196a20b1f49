"""The story of the edge that sites on one host share: a stack of its own, and no site."""

from typing import Any

from . import stack_outputs
from .host.remedy_hooks import offer_remedies
from .image.edge_image import EdgeImage, SharedImage
from .parts.announcement import Announcement
from .parts.images import waiting
from .parts.shared_edge import SharedEdgePreparation
from .parts.to_host import send_to_host
from .place import SHARED_EDGE, Place
from .serving.shared_edge import SharedEdge
from .serving.take_down import SharedTakeDown


def make(given: SharedEdgePreparation) -> dict[str, Any]:
    """Have Pulumi make the shared edge.

    Args:
        given: what is asked for, and what is there already.

    Returns:
        What it says of itself.
    """
    settings, scope = given.settings, given.scope
    deployment, wanted = settings.deployment, settings.shared_edge
    given.vanished.replace(scope.register)
    offer_remedies(given.host.answers, name=scope.named("remedies"), register=scope.register)
    announcement = Announcement(scope)
    on_host = send_to_host(given)

    edge = EdgeImage(deployment, {"deployment": deployment, "base_image": given.debian}, on_host)
    image = SharedImage(
        deployment, {"deployment": deployment, "base_image": given.debian, "edge": edge}, on_host
    )
    made = SharedEdge(
        deployment,
        {
            "deployment": deployment,
            "image_id": image.image_id,
            "stack": given.stack,
            "public": {
                "http": wanted.http_port,
                "https": wanted.https_port,
                "ipv6": given.host.has_ipv6,
            },
            "memory": wanted.memory,
            "cpus": wanted.cpus,
        },
        waiting(on_host, image),
    )
    end = SharedTakeDown(deployment, {"deployment": deployment}, scope.after([made]))
    announcement.tell(lambda changed: _forecast(given, changed), after=[end])
    return {
        "deployment": deployment,
        "container": made.container,
        "ports": ", ".join(map(str, settings.published.values())),
        "sites": stack_outputs.behind(given.sites),
    }


def _forecast(given: SharedEdgePreparation, made: set[str]) -> str:
    """What a preview says: what it does to the visitors of which sites."""
    place = Place(given.settings.deployment)
    is_there = bool(given.state[place.name(SHARED_EDGE)])
    if place.name(SHARED_EDGE) not in made:
        gap = "none: what passes visitors on is not touched"
    elif is_there:
        gap = "a second or two, while it is replaced: all sites behind it refuse connections"
    else:
        gap = "none: it is new, and sites come behind it one by one"
    sites = stack_outputs.behind(given.sites)
    behind = "; ".join(sites) if isinstance(sites, list) else sites
    return f"shared edge: {place.deployment}\ngap: {gap}\nsites: {behind}"
