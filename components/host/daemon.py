"""A Docker daemon, as the program asks it: at its own address, whatever this machine's client says.

Two sites of one program may be on two hosts, so nothing here is asked of the process's environment
once it is known where the daemon is.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import UserError
from ..own_commands import typed
from ..place import DEPLOYMENT, LOOKING, ROLE, options
from . import client

# Seconds: for the first answer, and for each later one, since a daemon that builds is slow.
FIRST_TIMEOUT = 15
_TIMEOUT = 120


class HostError(Exception):
    """The daemon refuses what it was asked, or does not answer any more; the text is its own."""

    @property
    def is_refusal(self) -> bool:
        """The daemon answered."""
        return "response from daemon" in str(self)


class Daemon:
    """It.

    Args:
        address: where it is; "" for the docker client's own choice.

    Raises:
        UserError: there is no docker client.
    """

    def __init__(self, address: str = "") -> None:
        self._asked_at = address
        self.address = address or self._find()

    def ask(self, *words: str, limit: float = _TIMEOUT, detached: bool = False) -> str:
        """What the docker client says.

        Args:
            words: its words.
            limit: seconds that it may take.
            detached: it gets no terminal, on which ssh could ask for a password.

        Raises:
            HostError: in the client's or the daemon's own words.
        """
        done = self.run(*words, limit=limit, detached=detached)
        if done.returncode != 0:
            raise HostError(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode(errors="replace")

    def ids(self, kind: str, *options: str) -> list[str]:
        """The ids of what there is of a kind, each once."""
        listed = self.ask(kind, "ls", "--quiet", "--no-trunc", *options)
        return list(dict.fromkeys(listed.split()))

    def inspect_all(self, kind: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """What it knows of some things, without those that are not there, or not any more."""
        if not names:
            return []
        done = self.run(kind, "inspect", *names)
        said = done.stderr.decode(errors="replace").strip()
        error = HostError(said)
        # A volume of a plugin that is not there any more is listed, and can't be looked at.
        known = kind == "volume" and error.is_refusal
        if done.returncode != 0 and not known and not re.search(client.NONE, said):
            raise error
        found: list[dict[str, Any]] = json.loads(done.stdout or b"[]")
        return found

    def every(self, kind: str, *options: str) -> list[dict[str, Any]]:
        """What it knows of all that there is of a kind, by the options of `docker KIND ls`."""
        return self.inspect_all(kind, self.ids(kind, *options))

    @contextmanager
    def looking_into(self, volume: str, image: str) -> Iterator[str]:
        """A container that is made but never started: it lets the daemon look into a volume."""
        # An image's labels would make it a part of the deployment that the image is of.
        marks = options({ROLE: LOOKING, DEPLOYMENT: ""})
        words = ("create", *marks, "--volume", f"{volume}:/look:ro", image, "true")
        look = self.ask(*words).strip()
        try:
            yield look
        finally:
            self.ask("rm", "--force", "--volumes", look)

    def has_file(self, container: str, path: str) -> bool:
        """A container has such a file: see `client.has_file`."""
        return client.has_file(container, path, at=self._asked_at)

    def read_file(self, container: str, path: str) -> bytes | None:
        """A file in a container: see `client.read_file`."""
        return client.read_file(container, path, at=self._asked_at)

    def answers(self) -> bool:
        """It answers now, or is too busy to say."""
        return client.answers(at=self._asked_at)

    def run(
        self, *words: str, limit: float = _TIMEOUT, detached: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        """The docker client's answer, whatever it is: see `ask`."""
        try:
            return client.docker(*words, timeout=limit, detached=detached, at=self._asked_at)
        except FileNotFoundError:
            mends = "install Docker (on Debian: `apt-get install docker.io`), or run "
            raise UserError(
                "there is no docker client on PATH", [f"{mends}`{typed('up')}`"]
            ) from None
        except subprocess.TimeoutExpired:
            raise HostError(f"`docker {words[0]}` did not end within {limit:.0f} s") from None

    def _find(self) -> str:
        """Where the docker client would look for it; "" is its default."""
        named = os.environ.get("DOCKER_HOST")
        if named:
            return named
        try:
            shown = "{{json .Endpoints.docker.Host}}"
            said = self.ask("context", "inspect", "--format", shown, limit=FIRST_TIMEOUT)
            address: Any = json.loads(said)
        except (HostError, ValueError):
            return ""
        return address or ""
