"""What a Docker host has to be before anything on it is changed; each lack is said with its remedy.

Whether it can be reached at all says who asks it first. All the rest takes two questions, one of
the daemon and one of its system, so that it is known within seconds. The program refuses what stops
an update and warns of the rest; `doctor` shows everything.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import machine
from .finding import Finding, good, unknown, wrong
from .machine import Machine

OLDEST = (20, 10)
"""The oldest Docker Engine that this program's commands work with."""
LEAST = 5e8
"""Bytes without which no release is built or pulled: what serves needs its disk, too."""
ROOM = 3e9
"""Bytes that a build needs with some room to spare."""
MEMORY = 9e8
"""Bytes of memory and swap in which a small site is built and served."""
APART = 30.0
"""Seconds that clocks may differ."""

_FREES = "`docker system df` shows what Docker takes, `docker builder prune` frees some"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a Docker host.

    Attributes:
        address: where its daemon is; "" for the docker client's default.
        info: what `docker info` says.
        apart: the seconds between its clock and this machine's; None if it doesn't say.
        machine: what its system says.
    """

    address: str
    info: Mapping[str, Any]
    apart: float | None
    machine: Machine

    @property
    def folder(self) -> str:
        """The folder that its daemon has its data in."""
        return str(self.info.get("DockerRootDir", ""))

    @property
    def processors(self) -> int:
        """How many processors it has; 0 if it doesn't say."""
        return int(self.info.get("NCPU") or 0)

    @property
    def architecture(self) -> str:
        """The kind of its processors."""
        return str(self.info.get("Architecture", ""))


def look(ask: Callable[..., str], address: str) -> Known:
    """Ask a host what there is to know beforehand.

    Args:
        ask: asks its daemon by the docker client's words.
        address: the daemon's; "" for the docker client's default.
    """
    before = datetime.now(UTC)
    info: dict[str, Any] = json.loads(ask("info", "--format", "{{json .}}"))
    apart = _apart(str(info.get("SystemTime", "")), before, datetime.now(UTC))
    told = machine.ask(address, str(info.get("DockerRootDir", "")))
    return Known(address=address, info=info, apart=apart, machine=told)


def _apart(said: str, before: datetime, after: datetime) -> float | None:
    # The daemon says nanoseconds, which Python does not read.
    text = re.sub(r"(\.\d{6})\d*", r"\1", said)
    try:
        there = datetime.fromisoformat(text)
        return max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def examine(known: Known, *, free: int | None = None, builds: bool = True) -> Iterator[Finding]:
    """What there is to say of a host.

    Args:
        known: what is known of it.
        free: the bytes that are free for Docker, where its system doesn't say.
        builds: a release is to be built there, or pulled.
    """
    yield engine(known)
    yield good("host", _host(known.info))
    yield clock(known)
    yield memory(known)
    yield disk(known, free=free, builds=builds)


def engine(known: Known) -> Finding:
    """Docker's version; one that has no numbers says nothing."""
    version = str(known.info.get("ServerVersion", ""))
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    said = f"Docker Engine {version} at {known.address or 'its default'}"
    if not numbers:
        return unknown("docker", f"{said}, which is no version that is known")
    if numbers < OLDEST:
        oldest = ".".join(f"{n:02}" for n in OLDEST)
        mends = f"install Docker Engine {oldest} or newer on that host"
        return wrong("docker", said, mends, stops=True)
    return good("docker", said)


def _host(info: Mapping[str, Any]) -> str:
    memory = info.get("MemTotal", 0) / 1e9
    return (
        f"{info.get('Name', '')}: {info.get('OperatingSystem', '')}, {info.get('Architecture', '')}"
        f", {info.get('NCPU', 0)} processors, {memory:.1f} GB of memory"
    )


def clock(known: Known) -> Finding:
    """Whether its clock and this machine's agree: certificates are valid from and until."""
    if known.apart is None:
        return unknown("clock", "the daemon does not say what time it is")
    if known.apart > APART:
        mends = "on the one that is wrong, `timedatectl set-ntp true` (`date -u` shows its time)"
        return wrong("clock", f"the host's and this machine's are {known.apart:.0f} s apart", mends)
    return good("clock", "the host's and this machine's agree")


def memory(known: Known) -> Finding:
    """Whether there is room for a build beside what serves."""
    found = known.machine.memory or known.info.get("MemTotal") or None
    if found is None:
        return unknown("memory", "nothing says how much there is")
    said = f"{found / 1e9:.1f} GB of memory{' and swap' if known.machine.memory else ''}"
    if found < MEMORY:
        mends = (
            "give the host more, or swap: `fallocate -l 2G /swapfile && chmod 600 /swapfile && "
            "mkswap /swapfile && swapon /swapfile` there, and a line in its /etc/fstab"
        )
        return wrong("memory", f"{said}: a build may be killed, or what serves", mends)
    return good("memory", said)


def disk(known: Known, *, free: int | None = None, builds: bool = True) -> Finding:
    """Whether there is room for a release, and for what serves to go on writing.

    Args:
        known: what is known of the host.
        free: the bytes that are free, where its system doesn't say.
        builds: a release is to be built there, or pulled.
    """
    found = free if known.machine.free is None else known.machine.free
    if found is None:
        return unknown("disk", "neither the host's system nor a container of the site says")
    said = f"{found / 1e9:.1f} GB are free for Docker ({known.folder})"
    if builds and found < LEAST:
        return wrong("disk", f"{said}: a release would fill the disk", _FREES, stops=True)
    return wrong("disk", said, _FREES) if found < ROOM else good("disk", said)
