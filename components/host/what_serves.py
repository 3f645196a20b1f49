"""Which containers of a deployment run, and which of them visitors reach.

That is not the same: a backend that was never let through to traffic, or whose update ended before
the switch, runs beside the one that serves.
"""

import re
from collections.abc import Sequence

from ..inside import EDGE_CONFIGURATION
from ..place import Place, filters
from .client import docker_or_fail, inspect, is_running, read_file

# A slot that is free is disabled.
_SERVER = re.compile(r"^ *server \S+ ([^\s:]+):\d+(?: no-check)?$", re.MULTILINE)


def running_containers(deployment: str, role: str = "backend") -> list[str]:
    """The names of a deployment's containers that run and have that role, oldest first."""
    return _listed(deployment, role)


def all_containers(deployment: str, role: str = "backend") -> list[str]:
    """As `running_containers`, with those that are stopped."""
    return _listed(deployment, role, "--all")


def _listed(deployment: str, role: str, *options: str) -> list[str]:
    words = ("ps", *options, "--format", "{{.Names}}", *filters(Place(deployment).labels(role)))
    said = docker_or_fail("listing the containers", *words).decode()
    return said.split()[::-1]


def reached_backends(deployment: str) -> list[str]:
    """The backends that run and that visitors are sent to, oldest first.

    By the edge, also by one that is stopped, or by a proxy of the user's own: while one takes the
    other's place, by either. An edge that shows its maintenance page sends them nowhere.
    """
    edges = all_containers(deployment, "edge")
    text = "".join(
        (read_file(edge, EDGE_CONFIGURATION) or b"").decode(errors="replace") for edge in edges
    )
    named = set(_SERVER.findall(text))
    network = Place(deployment).traffic
    return [
        name for name in running_containers(deployment) if name in named or _is_on(name, network)
    ]


def sent_to(edge: str) -> set[str]:
    """The names of the containers that an edge sends visitors to, whether it runs or not.

    Args:
        edge: the edge's container.
    """
    text = (read_file(edge, EDGE_CONFIGURATION) or b"").decode(errors="replace")
    return set(_SERVER.findall(text))


def serving_containers(deployment: str, retire: Sequence[str] = ()) -> list[str]:
    """What serves: what visitors reach, and what is taken over from, as far as it runs.

    Where nothing is known of what they reach, as without the edge that was removed by hand, any
    backend that runs may be what served.
    """
    found = reached_backends(deployment)
    if not found and not _is_known(deployment):
        found = running_containers(deployment)
    return [*found, *running_retired(retire)]


def running_retired(retire: Sequence[str]) -> list[str]:
    """What of the containers that are taken over from still runs."""
    return [name for name in retire if is_running(name)]


def _is_known(deployment: str) -> bool:
    """Something is there that says what visitors reach."""
    network = Place(deployment).traffic
    return bool(all_containers(deployment, "edge")) or inspect(network, "network") is not None


def _is_on(container: str, network: str) -> bool:
    state = inspect(container)
    return state is not None and network in state["NetworkSettings"]["Networks"]
