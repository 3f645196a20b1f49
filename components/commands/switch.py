"""Switches traffic: hands the edge a new configuration and waits until it is in force.

The new configuration is checked before it takes the old one's place. The edge reloads without
dropping a connection: requests in flight end where they began.
"""

import os
import sys
import time

from components.commands.client import docker, docker_or_fail, fail

FILE = "/var/lib/edge/haproxy.cfg"
DEADLINE = 30.0
_ASK = (
    "import os,urllib.request as r;"
    "print(r.urlopen('http://'+os.environ['EDGE']+':8404/',timeout=2).read().decode())"
)


def main() -> None:
    """Give EDGE the configuration on standard input; wait until it tells BACKEND its id."""
    edge, backend, wanted = (os.environ[name] for name in ("EDGE", "BACKEND", "CONFIGURATION"))
    config = sys.stdin.buffer.read()
    docker_or_fail(
        "handing the edge its configuration",
        *("exec", "-i", edge, "sh", "-c", f"cat > {FILE}.new"),
        stdin=config,
    )
    docker_or_fail(
        "the edge refuses its new configuration",
        "exec",
        edge,
        "haproxy",
        "-c",
        "-q",
        "-f",
        f"{FILE}.new",
    )
    docker_or_fail("replacing the edge's configuration", "exec", edge, "mv", f"{FILE}.new", FILE)
    docker_or_fail("reloading the edge", "kill", "--signal", "USR2", edge)
    _wait(edge, backend, wanted)


def _wait(edge: str, backend: str, wanted: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        said = docker("exec", "--env", f"EDGE={edge}", backend, "python", "-c", _ASK)
        if said.returncode == 0 and said.stdout.decode().strip() == wanted:
            return
        time.sleep(0.1)
    fail(f"the edge {edge} did not take its new configuration within {DEADLINE:.0f} s")


if __name__ == "__main__":
    main()
