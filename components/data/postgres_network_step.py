"""Lets what is at work onto the database server's network, before the server moves there.

So that server is away for no longer than it takes to start.
"""

import os

from ..host.client import docker, inspect


def let_in(deployment: str, network: str) -> None:
    """Have what is at work reach a server that is on another network than before.

    Release 0.1.0 had it on the application's, where its backends are, commands by hand, and
    containers of the user's own.

    Args:
        deployment: the deployment's name, and that of the application's network.
        network: the server's network.
    """
    there = _on(network)
    for container in sorted(_on(deployment) - there):
        docker("network", "connect", network, container)


def _on(network: str) -> set[str]:
    """The ids of the running containers on a network."""
    found = inspect(network, "network") or {}
    return {*(found.get("Containers") or {})}


def main() -> None:
    """Let what is at work in DEPLOYMENT onto NETWORK."""
    let_in(os.environ["DEPLOYMENT"], os.environ["NETWORK"])


if __name__ == "__main__":
    main()
