"""What the edge keeps of the certificates that it gets by itself, in a volume that outlives it.

One file says what is wanted, what was issued, and what failed since; another has the certificate
and its key. Times are seconds since 1970.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import files
from .wanted import STATE, Wanted

FOLDER = Path("/var/lib/certificates")
_CERTIFICATE = "certificate.pem"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate that was issued: for whom, by whom, and from when until when it is valid."""

    domains: tuple[str, ...]
    directory: str
    since: float
    until: float

    @property
    def life(self) -> float:
        """For how many seconds it is valid in all."""
        return self.until - self.since

    def fits(self, wanted: Wanted) -> bool:
        """It is made out to the wanted domains, by the authority that is to issue it."""
        return set(self.domains) == set(wanted.domains) and self.directory == wanted.directory


@dataclass(frozen=True, kw_only=True)
class Failed:
    """What the authority was asked for in vain: since when, when last, how often, and its words."""

    since: float
    last: float
    tries: int
    said: str


@dataclass(frozen=True, kw_only=True)
class State:
    """What is known; None of what there is not."""

    wanted: Wanted | None = None
    issued: Issued | None = None
    failed: Failed | None = None

    def is_usable(self, now: float) -> bool:
        """There is a certificate, it is what is wanted, and it is valid."""
        if self.wanted is None or self.issued is None:
            return False
        return self.issued.fits(self.wanted) and now < self.issued.until


def read() -> State:
    """What is known; nothing where the volume is new, or what is in it can't be read."""
    try:
        told: dict[str, Any] = json.loads((FOLDER / STATE).read_text())
        return State(
            wanted=_made(Wanted, told["wanted"]),
            issued=_made(Issued, told["issued"]),
            failed=_made(Failed, told["failed"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def write(state: State) -> None:
    """Keep what is known.

    Raises:
        OSError: it can't be written.
    """
    files.write(FOLDER / STATE, json.dumps(asdict(state)).encode())


def certificate() -> str:
    """Certificate, chain and key in PEM; "" if there is none."""
    try:
        return (FOLDER / _CERTIFICATE).read_text()
    except OSError:
        return ""


def put(content: str, state: State) -> None:
    """Keep a certificate, and what is known with it.

    Raises:
        OSError: it can't be written.
    """
    files.write(FOLDER / _CERTIFICATE, content.encode())
    write(state)


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else asks for a certificate while the block runs, be it in another container."""
    with (FOLDER / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _made(kind: Any, told: dict[str, Any] | None) -> Any:
    if told is None:
        return None
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})
