"""The site that a command for people is about: what of it is on the host, and what serves."""

from typing import Any

from ..host.client import fail, inspect
from ..host.what_serves import all_containers, serving_containers
from ..place import DEPLOYMENT, SHARED_EDGE

ROLES = ("backend", "edge", "postgres", SHARED_EDGE)
"""What a site is made of, as far as people ask for it; or what sites share."""


def serving(deployment: str) -> list[str]:
    """The containers that serve, oldest first; where none does, this command fails."""
    names = serving_containers(deployment)
    if not names:
        fail(_silent(deployment))
    return names


def described(container: str) -> dict[str, Any]:
    """What the daemon knows of a container that was there a moment ago."""
    state = inspect(container)
    if state is None:
        fail(f"container {container} has gone: an update may be at work; run the same again")
    return state


def is_there(deployment: str) -> bool:
    """Something of such a deployment is on the host, whether it runs or not."""
    return any(all_containers(deployment, role) for role in ROLES)


def exists(deployment: str) -> None:
    """Fail where nothing of such a deployment is on the host."""
    if not is_there(deployment):
        fail(_missing(deployment))


def _silent(deployment: str) -> str:
    there = all_containers(deployment)
    if not there:
        return _missing(deployment)
    return (
        f"no container of deployment {deployment} serves: {', '.join(there)} "
        f"{'is' if len(there) == 1 else 'are'} there, and visitors reach none of them.\n"
        f"What to do: `docker logs --tail 50 {there[-1]}` says why it ended, `docker start "
        f"{there[-1]}` starts it again, `pulumi up` makes what is missing"
    )


def _missing(deployment: str) -> str:
    return (
        f"there is no site of deployment {deployment!r} on this Docker host.\n"
        f"What to do: `pulumi up` makes it; `docker ps --all --filter label={DEPLOYMENT}` shows "
        "what is here; if it is on another host, name that by DOCKER_HOST or `docker context use`"
    )
