"""Switches traffic: hands the edge its configuration, and waits until that is in force."""

import os
import sys

from components.commands import aftermath
from components.commands.client import docker, fail

CONTROL = "/usr/local/lib/edge/control.py"


def main() -> None:
    """Have EDGE send requests to the servers in the configuration on standard input.

    A window in which nothing served, beside the file MIGRATIONS, ends with that.
    """
    migrations = os.environ.get("MIGRATIONS", "")
    words = ("exec", "-i", os.environ["EDGE"], "python3", CONTROL, "apply")
    done = docker(*words, stdin=sys.stdin.buffer.read())
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"switching traffic: {said}\n{aftermath.left(migrations)}")
    aftermath.settle(migrations)


if __name__ == "__main__":
    main()
