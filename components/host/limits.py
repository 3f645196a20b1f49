"""How many processes a container may have: the one limit that the docker provider can't set."""

from .client import docker_or_fail


def limit_processes(container: str, most: str) -> None:
    """Limit the processes and threads of a container, running or not; it stays at restarts.

    Args:
        container: the container's name or id.
        most: how many it may have; "" leaves it as it is.
    """
    if most:
        words = ("update", "--pids-limit", most, container)
        docker_or_fail("limiting the container's processes", *words)
