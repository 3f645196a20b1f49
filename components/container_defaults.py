"""What every container of a deployment gets, and what it is denied, whatever it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RESTART = "always"
"""When containers come back: after a crash, a reboot, and a daemon that died. With
``unless-stopped`` the last would leave the site down: a daemon that comes up again stops what
outlived it, and takes that for a wish."""

LOG_LIMITS = {"max-size": "10m", "max-file": "3"}
"""How much of what a container says the daemon keeps."""

TEMPORARY = "/tmp"
"""The folder that any program may write to, also where nothing else can be written."""

NOT_IN_PLACE = ["memory", "memorySwap", "tmpfs"]
"""What the docker provider takes for a change in place, and can't change, or not back again."""

_NO_NEW_PRIVILEGES = "no-new-privileges:true"


@dataclass(frozen=True, kw_only=True)
class Restrictions:
    """What a container is denied: all that is not named here.

    Attributes:
        capabilities: what it keeps of root's rights, by Linux's names without ``CAP_``.
        gains: its programs may get more rights than the user who starts them, by their files' bits.
        writable: its root file system can be written to.
        temporary: its folders in memory by path, with the options of a tmpfs that bound them.
        processes: how many processes and threads it may have at once.
        memory: megabytes that it may take; 0 for as many as the host has.
        cpus: how many processors it may take; 0 for as many as the host has.
    """

    capabilities: Sequence[str] = ()
    gains: bool = False
    writable: bool = False
    temporary: Mapping[str, str] = field(default_factory=lambda: {TEMPORARY: "size=64m,mode=1777"})
    processes: int = 256
    memory: int = 0
    cpus: float = 0.0

    def options(self) -> list[str]:
        """Them as `docker run` and `docker create` take them."""
        return [*self._options()]

    def _options(self) -> Iterator[str]:
        yield from ("--cap-drop", "ALL", *adding(self.capabilities))
        if not self.gains:
            yield from ("--security-opt", _NO_NEW_PRIVILEGES)
        yield from ("--pids-limit", str(self.processes))
        if not self.writable:
            yield "--read-only"
        for path, given in self.temporary.items():
            yield from ("--tmpfs", f"{path}:{given}")
        if self.memory:
            yield from ("--memory", f"{self.memory}m", "--memory-swap", f"{self.memory}m")
        if self.cpus:
            yield from ("--cpus", f"{self.cpus:g}")

    def arguments(self) -> dict[str, Any]:
        """Them as the docker provider takes them, but for the processes: see `host.limits`."""
        # Spelled as the daemon says them: else a refresh finds a difference.
        added = sorted(f"CAP_{name}" for name in self.capabilities)
        return {
            "capabilities": {"drops": ["ALL"], **({"adds": added} if added else {})},
            "security_opts": None if self.gains else [_NO_NEW_PRIVILEGES],
            "read_only": not self.writable,
            "tmpfs": dict(self.temporary),
            "memory": self.memory or None,
            "memory_swap": self.memory or None,
            "cpus": f"{self.cpus:g}" if self.cpus else None,
        }

    @property
    def summary(self) -> str:
        """Them in a few words, which change with them."""
        return " ".join(word.removeprefix("--") for word in self._options())


def adding(capabilities: Sequence[str]) -> list[str]:
    """The options of `docker run` that leave a container some of root's rights."""
    return [word for name in sorted(capabilities) for word in ("--cap-add", name)]


def restricted_like(container: Mapping[str, Any]) -> list[str]:
    """The options of `docker run` by which another is denied what a container is denied.

    Args:
        container: what the daemon knows of that.
    """
    host = container["HostConfig"]
    added = [str(name).removeprefix("CAP_") for name in host.get("CapAdd") or ()]
    return Restrictions(
        capabilities=added,
        gains=bool(added),
        # One of an earlier version of this program was denied nothing.
        writable=not host.get("ReadonlyRootfs", False),
        temporary=host.get("Tmpfs") or {},
        processes=host.get("PidsLimit") or _APPLICATION,
        memory=(host.get("Memory") or 0) // 1024**2,
        cpus=(host.get("NanoCpus") or 0) / 1e9,
    ).options()


_APPLICATION = 512


def application_processes(workers: int, threads: int) -> int:
    """How many processes and threads a container of the application may have.

    Twice what its server starts, since a worker that is replaced may still be there, and as many
    again as commands and what the project itself starts.

    Args:
        workers: the server's processes.
        threads: the threads of each.
    """
    return _APPLICATION + 2 * workers * (threads + 1)


# As root among files of others: give them an owner, reach what is closed, and set modes.
FILES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
"""What a container needs that puts files of others right."""

HELPER = Restrictions()
"""Of a container that does one small thing, and is gone."""

FILE_HELPER = Restrictions(capabilities=FILES)
"""Of one that does it as root to files of others."""
