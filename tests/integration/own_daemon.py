"""A Docker daemon of a test's own: it can be killed and its disk filled, and nobody else notices.

It runs in a container of the machine's daemon, with this machine's own programs, which gives it a
network and processes of its own; its data is in memory, of a limited size.
"""

import secrets
import subprocess
import time
from pathlib import Path

import docker
import docker.errors
import requests

BASE = "django-on-docker/base:trixie"
_DATA = "/var/lib/docker"
_FILLER = f"{_DATA}/filler"
# Not --privileged: that asks for all there are, and a machine may itself lack one.
_CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "DAC_READ_SEARCH", "MKNOD")
_PATIENCE = 60.0  # seconds
# A shell that waits takes the remains of what was killed; they would count as running.
_FIRST_PROCESS = "while :; do sleep 1; done"
_FETCH = """\
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print(0)
"""


class OwnDaemon:
    """A daemon that was started and has the base image.

    Args:
        folder: an empty folder, for its socket.
        megabytes: the size of its disk.
    """

    def __init__(self, folder: Path, *, megabytes: int = 2048) -> None:
        self._killer: subprocess.Popen[bytes] | None = None
        self._box = f"t-daemon-{secrets.token_hex(3)}"
        self.address = f"unix://{folder}/docker.sock"
        _outer(
            *("run", "--detach", "--rm", "--name", self._box),
            *("--security-opt", "apparmor=unconfined", "--security-opt", "seccomp=unconfined"),
            *(word for name in _CAPABILITIES for word in ("--cap-add", name)),
            *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run"),
            *("--tmpfs", f"{_DATA}:size={megabytes}m,exec"),
            *("--volume", "/usr:/usr:ro", "--volume", "/etc/alternatives:/etc/alternatives:ro"),
            *("--volume", f"{folder}:/srv/own", BASE, "sh", "-c", _FIRST_PROCESS),
        )
        try:
            self._inside("mount -o remount,rw /proc/sys")
            self.start()
            self._load()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Start it; returns once it answers."""
        _outer(
            *("exec", "--detach", self._box, "sh", "-c"),
            "rm -f /var/run/docker.pid; exec dockerd --host unix:///srv/own/docker.sock "
            f"--data-root {_DATA} > /run/dockerd.log 2>&1",
        )
        deadline = time.monotonic() + _PATIENCE
        while not self.answers():
            assert time.monotonic() < deadline, self._inside("tail -20 /run/dockerd.log")
            time.sleep(0.2)

    def answers(self) -> bool:
        """It answers."""
        try:
            return bool(docker.DockerClient(base_url=self.address, timeout=5).ping())
        except (docker.errors.DockerException, requests.RequestException, OSError):
            return False

    def aim(self) -> None:
        """Get ready to kill it: a command that has to be begun first would come late."""
        script = "read go && kill -9 $(cat /var/run/docker.pid)"
        words = ["docker", "exec", "--interactive", self._box, "sh", "-c", script]
        self._killer = subprocess.Popen(words, stdin=subprocess.PIPE)

    def kill(self) -> None:
        """Kill it, as a crash does."""
        if self._killer is None:
            self.aim()
        assert self._killer is not None
        self._killer.communicate(b"go\n", timeout=_PATIENCE)
        self._killer = None

    def fill(self, *, leave: int) -> None:
        """Fill its disk.

        Args:
            leave: the megabytes that stay free.
        """
        free = int(self._inside(f"df --output=avail --block-size=1M {_DATA} | tail -1"))
        assert free > leave, f"only {free} MB are free"
        self._inside(f"fallocate -l {free - leave}M {_FILLER}")

    def make_room(self) -> None:
        """Undo `fill`."""
        self._inside(f"rm -f {_FILLER}")

    def status(self, url: str) -> int:
        """The status of a page that a container of it publishes; 0 without an answer."""
        return int(_outer("exec", self._box, "python3", "-c", _FETCH, url))

    def remove(self) -> None:
        """Leave nothing of it."""
        subprocess.run(["docker", "rm", "--force", self._box], capture_output=True, check=False)

    def _load(self) -> None:
        with subprocess.Popen(["docker", "save", BASE], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.address, "load"],
                stdin=saved.stdout,
                capture_output=True,
                check=True,
            )

    def _inside(self, script: str) -> str:
        return _outer("exec", self._box, "sh", "-c", script)


def _outer(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stderr}"
    return done.stdout
