"""Switches traffic: hands the edge its configuration, and waits until that is in force."""

import os
import sys

from components.commands import window
from components.commands.client import docker_or_fail

CONTROL = "/usr/local/lib/edge/control.py"


def main() -> None:
    """Have EDGE send requests to the servers in the configuration on standard input.

    A window in which nothing served, beside the file MIGRATIONS, ends with that.
    """
    docker_or_fail(
        "switching traffic, what served goes on serving",
        *("exec", "-i", os.environ["EDGE"], "python3", CONTROL, "apply"),
        stdin=sys.stdin.buffer.read(),
    )
    window.done(os.environ.get("MIGRATIONS", ""))


if __name__ == "__main__":
    main()
