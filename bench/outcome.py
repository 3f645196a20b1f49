"""What became of a load: failures, waiting times, gaps, and writes that were lost or doubled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.load import COLUMNS
from bench.request_mix import SLOW, WRITES

BEFORE, DURING, AFTER = "before", "during", "after"
WHEN = (BEFORE, DURING, AFTER)


@dataclass(frozen=True, kw_only=True)
class Note:
    """What became of one request. Times are seconds of the monotonic clock.

    Attributes:
        due: when it should have been sent.
        sent: when it was.
        ended: when its answer was complete, or it was given up.
        kind: page, read, write, slow read or slow write.
        connection: kept, single, or an idle visitor's.
        key: what it had to write.
        status: of the answer; 0 if there was none.
        release: which release answered, as it said.
        error: what was wrong, in a word or two; empty if nothing was.
    """

    due: float
    sent: float
    ended: float
    kind: str
    connection: str
    key: str
    status: int
    release: str
    error: str


def read_notes(path: Path) -> list[Note]:
    """All notes in a file, in the order in which the requests were due."""
    notes = []
    for line in path.read_text().splitlines():
        cells: dict[str, Any] = dict(zip(COLUMNS, line.split("\t"), strict=False))
        if len(cells) < len(COLUMNS):
            continue  # a last line that is cut off
        for name in ("due", "sent", "ended"):
            cells[name] = float(cells[name])
        cells["status"] = int(cells["status"])
        notes.append(Note(**cells))
    return sorted(notes, key=lambda note: note.due)


@dataclass(kw_only=True)
class Updated:
    """One update, as it was led and as the load saw it.

    Attributes:
        release: what it brought.
        what: that in words.
        fails: whether it had to fail.
        code: the command's exit code.
        began: when the command began, by the monotonic clock.
        ended: when the update was over.
        phases: seconds by what took them.
        serving: seconds until the first answer of the new release; None if there was none.
        old: seconds until the last answer of any other release; None if there was none.
        requests: how many were due meanwhile.
        failed: how many of those failed.
        said: the end of what the command printed.
    """

    release: str
    what: str
    fails: bool
    code: int
    began: float
    ended: float
    phases: Mapping[str, float] = field(default_factory=dict)
    serving: float | None = None
    old: float | None = None
    requests: int = 0
    failed: int = 0
    said: str = field(default="", repr=False)

    @property
    def held(self) -> bool:
        """Whether a good release came to serve, and a broken one never did."""
        return (self.serving is None) == self.fails

    def see(self, notes: Sequence[Note]) -> None:
        """Take from the notes what the load saw of it."""
        meanwhile = [note for note in notes if self.began <= note.due <= self.ended]
        self.requests = len(meanwhile)
        self.failed = sum(bool(note.error) for note in meanwhile)
        good = [note for note in notes if not note.error and note.ended >= self.began]
        new = [note.ended for note in good if note.release == self.release]
        self.serving = min(new) - self.began if new else None
        old = [n.ended for n in good if n.release != self.release and n.ended <= self.ended]
        self.old = max(old) - self.began if new and old else None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The whole of it.

    Attributes:
        notes: what became of each request.
        updates: in their order.
        stored: how often each key is in the database; None if it was not asked.
    """

    notes: Sequence[Note]
    updates: Sequence[Updated]
    stored: Mapping[str, int] | None = None

    @property
    def failed(self) -> list[Note]:
        """The requests without a good answer."""
        return [note for note in self.notes if note.error]

    @property
    def strays(self) -> int:
        """Answers of releases that had to fail."""
        broken = {update.release for update in self.updates if update.fails}
        return sum(note.release in broken for note in self.notes)

    @property
    def acknowledged(self) -> list[str]:
        """The keys of all writes that were answered well."""
        return [note.key for note in self.notes if note.kind in WRITES and not note.error]

    @property
    def lost(self) -> list[str]:
        """Writes that were acknowledged and are not in the database."""
        return [key for key in self.acknowledged if not (self.stored or {}).get(key)]

    @property
    def doubled(self) -> list[str]:
        """Writes that are in the database more than once."""
        return [key for key, times in (self.stored or {}).items() if times > 1]

    def errors(self) -> Counter[str]:
        """How often what was wrong, by kind of connection."""
        return Counter(f"{note.error} ({note.connection.split()[0]})" for note in self.failed)

    def gap(self) -> float:
        """Seconds, the longest time without a good answer, from the first request to the last."""
        dues = [note.due for note in self.notes] or [0.0]
        last = max(dues)
        ends = sorted(note.ended for note in self.notes if not note.error and note.ended <= last)
        return max(after - before for before, after in pairwise([min(dues), *ends, last]))

    def when(self, note: Note) -> str:
        """Whether a request was due before the first update, during one, or after one."""
        if not self.updates or note.due < self.updates[0].began:
            return BEFORE
        during = any(update.began <= note.due <= update.ended for update in self.updates)
        return DURING if during else AFTER

    def latencies(self, *, slow: bool = False) -> dict[str, dict[str, float]]:
        """Seconds from when a request was due to its good answer: p50, p99, max, by when.

        Args:
            slow: those of the 5-second requests instead of the short ones.
        """
        taken: dict[str, list[float]] = {name: [] for name in WHEN}
        for note in self.notes:
            if not note.error and (note.kind in SLOW) == slow:
                taken[self.when(note)].append(note.ended - note.due)
        return {name: spread(values) for name, values in taken.items()}

    def as_data(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {
            "requests": len(self.notes),
            "failed": len(self.failed),
            "errors": dict(self.errors()),
            "requests_by_kind": dict(Counter(note.kind for note in self.notes)),
            "writes_acknowledged": len(self.acknowledged),
            "writes_lost": len(self.lost) if self.stored is not None else None,
            "writes_doubled": len(self.doubled) if self.stored is not None else None,
            "answers_of_failed_releases": self.strays,
            "longest_gap": round(self.gap(), 3),
            "latency": self.latencies(),
            "latency_of_slow_ones": self.latencies(slow=True),
            "sent_late": spread([note.sent - note.due for note in self.notes]),
            "updates": [_update_as_data(update) for update in self.updates],
        }


def _update_as_data(update: Updated) -> dict[str, Any]:
    return {
        "release": update.release,
        "what": update.what,
        "should_fail": update.fails,
        "exit_code": update.code,
        "held": update.held,
        "seconds": round(update.ended - update.began, 3),
        "serving_after": None if update.serving is None else round(update.serving, 3),
        "old_until": None if update.old is None else round(update.old, 3),
        "requests": update.requests,
        "failed": update.failed,
        "phases": {name: round(seconds, 3) for name, seconds in update.phases.items()},
    }


def spread(values: Iterable[float]) -> dict[str, float]:
    """Number, p50, p99 and max of some values."""
    ordered = sorted(values)
    if len(ordered) < 2:
        only = ordered[0] if ordered else 0.0
        return {"n": len(ordered), "p50": only, "p99": only, "max": only}
    cuts = quantiles(ordered, n=100, method="inclusive")
    found = {"p50": cuts[49], "p99": cuts[98], "max": ordered[-1]}
    return {"n": len(ordered), **{name: round(value, 4) for name, value in found.items()}}
