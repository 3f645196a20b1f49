"""What the system of the Docker host says of itself, which its daemon does not.

It is asked by a few lines of shell: here where the daemon is here, by ssh where that leads there.
Who gets to the daemon in another way learns nothing from it.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from . import over_ssh

_PATIENCE = 30.0  # seconds
# A column of /proc/net/tcp says that something listens; its addresses are written as they are kept.
_LISTENS = re.compile(r"^\s*\d+: (?P<address>[0-9A-F]+):(?P<port>[0-9A-F]{4}) \S+ 0A ")
_LOOPBACK_TOO = ("00000000", "0100007F", "0" * 32)
_SCRIPT = """\
df -P -k {folder} | tail -n 1 | sed 's/^/disk /'
grep -E '^(MemTotal|SwapTotal):' /proc/meminfo
cat /proc/net/tcp /proc/net/tcp6
"""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What it said; None for what it did not.

    Attributes:
        free: the bytes that are free on the disk of a folder.
        memory: the bytes of memory and swap.
        listening: the TCP ports on which something listens, at whichever address.
        reachable: those of them that its loopback reaches.
    """

    free: int | None = None
    memory: int | None = None
    listening: frozenset[int] | None = None
    reachable: frozenset[int] | None = None


def is_here(address: str) -> bool:
    """The daemon at an address runs on this machine."""
    return not address or address.startswith(("unix:", "npipe:"))


def ask(address: str, folder: str) -> Machine:
    """Ask the system that a daemon runs on.

    Args:
        address: the daemon's; "" for this machine's default.
        folder: the folder whose disk is meant, as the daemon has its data in one.
    """
    if is_here(address):
        words: list[str] = []
    elif over_ssh.is_ssh(address):
        words = over_ssh.words(address)
    else:
        return Machine()
    script = _SCRIPT.format(folder=shlex.quote(folder or "/"))
    try:
        done = over_ssh.tell(words, script, seconds=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return Machine()
    return read(done.stdout.decode(errors="replace"))


def read(said: str) -> Machine:
    """What the lines say that a system answered with.

    Args:
        said: them; those that are none of the answer are passed over.
    """
    disk = re.search(r"^disk .*?\s\d+\s+\d+\s+(\d+)\s+\d+%", said, re.MULTILINE)
    memory = re.findall(r"^(?:MemTotal|SwapTotal):\s+(\d+) kB", said, re.MULTILINE)
    # The table's head is there also where nothing listens.
    listening = list(_listening(said)) if "local_address" in said else None
    return Machine(
        free=int(disk[1]) * 1024 if disk else None,
        memory=sum(map(int, memory)) * 1024 if memory else None,
        listening=None if listening is None else frozenset(port for port, _ in listening),
        reachable=None if listening is None else frozenset(p for p, known in listening if known),
    )


def _listening(said: str) -> Iterator[tuple[int, bool]]:
    """Each port, and whether the loopback reaches what listens there."""
    for line in said.splitlines():
        found = _LISTENS.match(line)
        if found:
            yield int(found["port"], 16), found["address"] in _LOOPBACK_TOO
