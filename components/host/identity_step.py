"""Makes the volume by which a Docker host is known again; one that is there stays."""

import os

from ..step_output import result
from .client import docker_or_fail


def main() -> None:
    """Make VOLUME."""
    volume = os.environ["VOLUME"]
    docker_or_fail("marking the Docker host", "volume", "create", volume)
    result({"volume": volume})


if __name__ == "__main__":
    main()
