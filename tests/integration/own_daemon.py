"""A Docker daemon of a test's own: it can be killed and its disk filled, and nobody else notices.

It runs on a machine of its own, with the programs of the one that the test runs on.
"""

import json
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import docker
import docker.errors
import requests

from components.host.archive import archive
from tests.integration.box import BASE, DATA, FOLDER, Box, outer

_FILLER = f"{DATA}/filler"
_PATIENCE = 60.0  # seconds
# Where the head of a program of this machine says which processors it is for, and what others say.
_MACHINE, _AARCH64 = 18, 0xB7
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
        megabytes: the size of its disk, in memory; 0 doesn't limit it.
        name: what its machine calls itself.

    Attributes:
        box: its machine.
    """

    def __init__(self, folder: Path, *, megabytes: int = 0, name: str = "daemon") -> None:
        self._killer: subprocess.Popen[bytes] | None = None
        self.address = f"unix://{folder}/docker.sock"
        self.box = Box(folder, name, megabytes=megabytes)
        try:
            self.start()
            self._load()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Start it; returns once it answers."""
        outer(
            *("exec", "--detach", self.box.name, "sh", "-c"),
            f"rm -f /var/run/docker.pid; exec dockerd --host unix://{FOLDER}/docker.sock "
            f"--host unix:///var/run/docker.sock --data-root {DATA} > /run/dockerd.log 2>&1",
        )
        deadline = time.monotonic() + _PATIENCE
        while not self.answers():
            assert time.monotonic() < deadline, self.box.inside("tail -20 /run/dockerd.log")
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
        words = ["docker", "exec", "--interactive", self.box.name, "sh", "-c", script]
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
        free = int(self.box.inside(f"df --output=avail --block-size=1M {DATA} | tail -1"))
        assert free > leave, f"only {free} MB are free"
        self.box.inside(f"fallocate -l {free - leave}M {_FILLER}")

    def make_room(self) -> None:
        """Undo `fill`."""
        self.box.inside(f"rm -f {_FILLER}")

    def status(self, url: str) -> int:
        """The status of a page that a container of it publishes; 0 without an answer."""
        return int(outer("exec", self.box.name, "python3", "-c", _FETCH, url))

    def load_foreign(self, name: str) -> None:
        """Have an image in it that is made for other processors.

        Args:
            name: its name.
        """
        program = bytearray(Path("/bin/true").read_bytes())
        program[_MACHINE] = _AARCH64
        layer = archive({"bin/true": bytes(program)}, mode=0o755)
        contents = {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}"]}
        said = {"architecture": "arm64", "os": "linux", "config": {}, "rootfs": contents}
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        files = {
            "config.json": json.dumps(said).encode(),
            "manifest.json": json.dumps(manifest).encode(),
            "layer.tar": layer,
        }
        words = ["docker", "--host", self.address, "load"]
        subprocess.run(words, input=archive(files), capture_output=True, check=True)

    def remove(self) -> None:
        """Leave nothing of it."""
        self.box.remove()

    def _load(self) -> None:
        with subprocess.Popen(["docker", "save", BASE], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.address, "load"],
                stdin=saved.stdout,
                capture_output=True,
                check=True,
            )
