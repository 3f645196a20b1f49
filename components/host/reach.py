"""Whether a Docker daemon can be asked, and what mends it where it can't."""

import os
import subprocess
import sys

from ..own_commands import typed
from ..remedies import address_remedies
from ..step_output import say
from .client import docker

FIRST_ANSWER = 15.0
"""Seconds for the first answer of a daemon; ssh alone would wait for minutes."""


def go_to(host: str) -> None:
    """Have this process, and whatever it starts, talk to the daemon of a stack.

    Args:
        host: what its key `host` says; "" leaves it to the docker client.
    """
    if host:
        os.environ["DOCKER_HOST"] = host
        os.environ.pop("DOCKER_CONTEXT", None)


def address() -> str:
    """Where the docker client looks for the daemon; "" if it doesn't say."""
    shown = "{{.Endpoints.docker.Host}}"
    return docker("context", "inspect", "--format", shown).stdout.decode().strip()


def problem() -> str:
    """Why no Docker daemon answers, in its client's words; "" if one does.

    Raises:
        FileNotFoundError: there is no docker client.
    """
    words = ("version", "--format", "{{.Server.Version}}")
    try:
        # Without a terminal ssh can't stop here and ask for a password.
        done = docker(*words, timeout=FIRST_ANSWER, detached=True)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {FIRST_ANSWER:.0f} s"
    said = done.stderr.decode(errors="replace").strip()
    return "" if done.returncode == 0 else said or "it said nothing"


def check() -> None:
    """End this command where no Docker daemon answers, before anything else is asked of it."""
    try:
        said = problem()
    except FileNotFoundError:
        what, mends = "there is no docker client on PATH", without_client()
    else:
        if not said:
            return
        what, mends = explained(said)
    # Nothing else is known, and the host isn't asked another time.
    say(f"{what}\nWhat to do: {mends}")
    sys.exit(1)


def without_client() -> str:
    """What mends it where there is no docker client."""
    return f"install Docker (on Debian: `apt-get install docker.io`), or run `{typed('env')}`"


def explained(said: str) -> tuple[str, str]:
    """What is wrong where no daemon answers, and what mends it.

    Args:
        said: what the docker client said of it.
    """
    where = address()
    mends = "; ".join(address_remedies(where, said))
    return f"no daemon answers at {where or 'its default address'}: {brief(said)}", mends


def brief(said: str) -> str:
    """What matters of what the docker client said: of ssh's words, those and none of its own."""
    return said.rpartition("stderr=")[2].strip().splitlines()[-1].strip() if said else said
