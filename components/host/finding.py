"""What was found of one thing that was looked at, and what mends it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "wrong", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """It.

    Attributes:
        of: what was looked at.
        state: whether it is as it has to be.
        said: what was found.
        remedy: what mends it; "" where nothing has to be.
        stops: it is so wrong that no update is begun.
    """

    of: str
    state: State
    said: str
    remedy: str = ""
    stops: bool = False


def good(of: str, said: str) -> Finding:
    """Something that is as it has to be."""
    return Finding(of=of, state="good", said=said)


def wrong(of: str, said: str, remedy: str, *, stops: bool = False) -> Finding:
    """Something that is not, and what mends it."""
    return Finding(of=of, state="wrong", said=said, remedy=remedy, stops=stops)


def unknown(of: str, said: str) -> Finding:
    """Something that nothing says anything of."""
    return Finding(of=of, state="unknown", said=said)
