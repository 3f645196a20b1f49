"""How ssh is called for the address of a Docker host, as the docker client calls it."""

import subprocess
from collections.abc import Sequence

from ..docker_address import SshAddress

PATIENCE = 15
"""Seconds in which a host has to take a connection."""


def is_ssh(address: str) -> bool:
    """The address leads there by ssh."""
    return address.startswith("ssh://")


def words(address: str) -> list[str]:
    """The words that run what follows them on the host; ssh asks nobody anything.

    Args:
        address: such as ``ssh://deploy@web1.example.org:2222``.

    Raises:
        ValueError: it is no such address.
    """
    there = SshAddress.of(address)
    user = ["-l", there.user] if there.user else []
    port = ["-p", str(there.port)] if there.port else []
    options = ["-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={PATIENCE}"]
    return ["ssh", *options, *user, *port, "--", there.name]


def tell(way: Sequence[str], script: str, *, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Have a shell read some lines: a login shell of any kind would take them its own way.

    Args:
        way: what runs it elsewhere, as `words` says; nothing for a shell on this machine.
        script: the lines.
        seconds: how long that may take.

    Raises:
        FileNotFoundError: there is no such program on this machine.
        subprocess.TimeoutExpired: it took longer.
    """
    # Without a terminal ssh can't stop here and ask for a password.
    return subprocess.run(
        [*way, "sh", "-s"],
        input=script.encode(),
        capture_output=True,
        check=False,
        timeout=seconds,
        start_new_session=True,
    )
