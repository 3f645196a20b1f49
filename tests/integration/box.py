"""A machine of a test's own: a container in which a Docker daemon can run.

It has a network, processes and a name of its own, and goes with all that is in it.
"""

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

BASE = "django-on-docker/base:trixie"
FOLDER = "/srv/own"
"""Where it has the folder that it shares with the test."""
DATA = "/var/lib/docker"
# Not --privileged: that asks for all there are, and a machine may itself lack one.
_CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "DAC_READ_SEARCH", "MKNOD")
_PATIENCE = 60.0  # seconds
# A shell that waits takes the remains of what was killed; they would count as running.
_FIRST_PROCESS = "while :; do sleep 1; done"
_OURS = ("--volume", "/usr:/usr:ro", "--volume", "/etc/alternatives:/etc/alternatives:ro")


class Box:
    """A machine that runs, and that its maker removes.

    Args:
        folder: what it shares with the test.
        name: what it calls itself.
        megabytes: the size of the disk for a daemon's data, in memory; 0 doesn't limit it.
        has_ours: it has the programs of the machine that the test runs on, Docker's among them.
    """

    def __init__(
        self, folder: Path, name: str, *, megabytes: int = 0, has_ours: bool = True
    ) -> None:
        self.name = f"t-{name}-{secrets.token_hex(3)}"
        limited = ("--tmpfs", f"{DATA}:size={megabytes}m,exec")
        outer(
            *("run", "--detach", "--rm", "--name", self.name, "--hostname", name),
            *("--security-opt", "apparmor=unconfined", "--security-opt", "seccomp=unconfined"),
            *(word for one in _CAPABILITIES for word in ("--cap-add", one)),
            *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run"),
            *(limited if megabytes else ("--volume", DATA)),
            *(_OURS if has_ours else ()),
            *("--volume", f"{folder}:{FOLDER}", BASE, "sh", "-c", _FIRST_PROCESS),
        )
        try:
            self.inside("mount -o remount,rw /proc/sys")
        except BaseException:
            self.remove()
            raise

    @property
    def ip(self) -> str:
        """Its address, for the machine that the test runs on."""
        shown = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return outer("inspect", "--format", shown, self.name).strip()

    def inside(self, script: str) -> str:
        """What some lines of shell print there."""
        return outer("exec", self.name, "sh", "-c", script)

    def begin(self, script: str, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        """Begin something there, which ends with it at the latest.

        Args:
            script: lines of shell.
            log: gets what it prints.
        """
        words = ["docker", "exec", self.name, "sh", "-c", script]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @contextmanager
    def runs(self, script: str, port: int) -> Iterator[None]:
        """While the block runs, a program runs there that listens on a port.

        Args:
            script: the line of shell that it is begun with.
            port: the port.
        """
        number = self.inside(f"{script} > /dev/null 2>&1 & echo $!").strip()
        try:
            self._wait_for(port)
            yield
        finally:
            self.inside(f"kill {number}")

    def remove(self) -> None:
        """Leave nothing of it."""
        words = ["docker", "rm", "--force", "--volumes", self.name]
        subprocess.run(words, capture_output=True, check=False)

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while f":{port:04X} 00000000:0000 0A" not in self.inside("cat /proc/net/tcp"):
            assert time.monotonic() < deadline, f"nothing listens on {port}"
            time.sleep(0.05)


def outer(*words: str) -> str:
    """What the docker client prints of the machine that the test runs on."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout
