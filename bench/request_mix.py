"""Which requests are due when: a mix of reads and writes, short and long, kept alive and not."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass

SPARE = "kept"  # over whichever kept connection has waited longest
SINGLE = "single"  # over a connection of its own
WRITES = ("write", "slow write")
SLOW = ("slow read", "slow write")
QUIET = (2.0, 8.0)  # seconds that an idle visitor is silent


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How much of what.

    Attributes:
        rate: short requests per second, without those of the idle visitors.
        slow_rate: 5-second requests per second, every other one a write.
        pages: the share of short requests for the site's home page.
        writes: the share of short requests that write a row.
        singles: the share of short requests with a connection of their own.
        idle: visitors who keep a connection open and are silent for seconds between requests.
    """

    rate: float = 100.0
    slow_rate: float = 0.4
    pages: float = 0.05
    writes: float = 0.25
    singles: float = 0.25
    idle: int = 20

    @property
    def rate_in_all(self) -> float:
        """Requests per second, of all kinds."""
        return self.rate + self.slow_rate + self.idle / (sum(QUIET) / 2)


@dataclass(frozen=True, kw_only=True, order=True)
class Request:
    """One request.

    Attributes:
        at: seconds after the load began.
        kind: page, read, write, slow read or slow write.
        connection: which one it is sent over: `SPARE`, `SINGLE` or an idle visitor's own.
    """

    at: float
    kind: str
    connection: str

    @property
    def kept(self) -> bool:
        """Whether the connection is kept for the next request."""
        return self.connection != SINGLE


def requests(mix: Mix, chance: random.Random) -> Iterator[Request]:
    """All requests in the order in which they are due, without an end.

    Args:
        mix: how much of what.
        chance: decides what is what; the same one makes the same requests.
    """
    streams = [_short(mix, random.Random(chance.random()))]
    if mix.slow_rate:
        streams.append(_slow(mix))
    streams += [_idle(n, random.Random(chance.random())) for n in range(mix.idle)]
    return heapq.merge(*streams)


def _short(mix: Mix, chance: random.Random) -> Iterator[Request]:
    number = 0
    while True:
        drawn = chance.random()
        kind = "read"
        if drawn < mix.pages + mix.writes:
            kind = "page" if drawn < mix.pages else "write"
        connection = SINGLE if chance.random() < mix.singles else SPARE
        yield Request(at=number / mix.rate, kind=kind, connection=connection)
        number += 1


def _slow(mix: Mix) -> Iterator[Request]:
    number = 0
    while True:
        connection = (SPARE, SINGLE)[number // 2 % 2]
        yield Request(at=number / mix.slow_rate, kind=SLOW[number % 2], connection=connection)
        number += 1


def _idle(number: int, chance: random.Random) -> Iterator[Request]:
    at = chance.uniform(0, QUIET[1])
    while True:
        kind = "write" if chance.random() < 0.5 else "read"
        yield Request(at=at, kind=kind, connection=f"idle {number}")
        at += chance.uniform(*QUIET)
