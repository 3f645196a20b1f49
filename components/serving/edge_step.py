"""Limits the edge's processes, which the docker provider can't."""

import os

from ..host.limits import limit_processes


def main() -> None:
    """Let CONTAINER have PROCESSES at most."""
    limit_processes(os.environ["CONTAINER"], os.environ["PROCESSES"])


if __name__ == "__main__":
    main()
