"""From what the probe noted to counts: what ran, at which execution point, how often, how long."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Point = Literal["build", "startup", "job"]
POINTS: tuple[Point, ...] = ("build", "startup", "job")
COMMANDS = ("collectstatic", "migrate")
JOB = "deploy_runtime.seed"
SEED_PREFIX = "seed_"


@dataclass(kw_only=True)
class Count:
    """How often something ran.

    Attributes:
        calls: how often.
        seconds: all calls together, each with the start of Django that was made for it alone.
        result: migrations applied, or files copied.
    """

    calls: int = 0
    seconds: float = 0.0
    result: int = 0


@dataclass
class Tally:
    """Counts by operation and execution point.

    The operations are collectstatic, migrate, seed (a seed step) and start (of Django, also those
    that other counts include in their seconds).
    """

    counts: dict[tuple[str, Point], Count] = field(default_factory=dict)

    def add(self, operation: str, point: Point, seconds: float, result: int = 0) -> None:
        """Enter one call."""
        count = self.counts.setdefault((operation, point), Count())
        count.calls += 1
        count.seconds += seconds
        count.result += result

    def get(self, operation: str, point: Point) -> Count:
        """The count of an operation at a point; zero if it did not run there."""
        return self.counts.get((operation, point), Count())

    def all(self, operation: str) -> Count:
        """The count of an operation at all points."""
        found = [self.get(operation, point) for point in POINTS]
        return Count(
            calls=sum(count.calls for count in found),
            seconds=sum(count.seconds for count in found),
            result=sum(count.result for count in found),
        )

    def as_data(self) -> list[dict[str, Any]]:
        """As plain data, for JSON."""
        return [
            {
                "operation": operation,
                "point": point,
                "calls": count.calls,
                "seconds": round(count.seconds, 3),
                "result": count.result,
            }
            for (operation, point), count in sorted(self.counts.items())
        ]


@dataclass(frozen=True, kw_only=True)
class Built:
    """The collecting step of an image build that really ran, not one taken from the cache.

    Attributes:
        seconds: of the whole step, Django's start included.
        files: how many files were collected.
    """

    seconds: float
    files: int


def parse_notes(text: str) -> list[dict[str, Any]]:
    """The probe's notes; a last line that is cut off is left out."""
    notes = []
    for line in text.splitlines():
        try:
            notes.append(json.loads(line))
        except ValueError:
            continue
    return notes


def tally(notes: Iterable[dict[str, Any]], built: Built | None = None) -> Tally:
    """Count notes, and a build.

    Args:
        notes: the probe's, in the order in which they were written.
        built: the image build that belongs to them, if one ran.
    """
    result = Tally()
    if built:
        result.add("collectstatic", "build", built.seconds, built.files)
        result.add("start", "build", 0.0)
    for process in _processes(notes):
        _enter(process, result)
    return result


def _processes(notes: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Notes by process. Process numbers come again in a restarted container: a start is new."""
    running: dict[int, list[dict[str, Any]]] = {}
    for note in notes:
        if note["event"] == "boot" and note["pid"] in running:
            yield running.pop(note["pid"])
        running.setdefault(note["pid"], []).append(note)
    yield from running.values()


def _enter(process: Sequence[dict[str, Any]], result: Tally) -> None:
    point = point_of(process[0])
    starts = [note["seconds"] for note in process if note["event"] == "boot"]
    commands = [note for note in process if note["event"] == "command"]
    for seconds in starts:
        result.add("start", point, seconds)
    for note in commands:
        operation = operation_of(note["name"])
        # `manage.py NAME` starts Django for this one command; others share theirs.
        share = sum(starts) if note["name"] in note["argv"] else 0.0
        if operation:
            done = note["applied"] or note["copied"]
            result.add(operation, point, note["seconds"] + share, done)


def point_of(note: dict[str, Any]) -> Point:
    """Start-up is what a container does by itself; the job is what a script or a job asks for."""
    return "job" if note["origin"] == "exec" or JOB in note["argv"] else "startup"


def operation_of(command: str) -> str:
    """The operation that a management command is; empty for those that don't matter here."""
    if command.startswith(SEED_PREFIX):
        return "seed"
    return command if command in COMMANDS else ""


def tally_of_ledger(records: Iterable[dict[str, Any]]) -> Tally:
    """Count a ledger's records; one of seeding counts its steps."""
    result = Tally()
    for record in records:
        operation, point, found = record["operation"], record["point"], record["result"]
        for _ in found.get("steps", ()) if operation == "seed" else (operation,):
            result.add(operation, point, 0.0, found.get("applied") or found.get("copied") or 0)
    return result


def differences(noted: Tally, recorded: Tally) -> list[str]:
    """Where the probe's counts and the ledger's are not the same, outside of builds."""
    found = []
    for operation in (*COMMANDS, "seed"):
        for point in POINTS[1:]:
            ours, theirs = noted.get(operation, point), recorded.get(operation, point)
            if (ours.calls, ours.result) != (theirs.calls, theirs.result):
                found.append(
                    f"{operation} in {point}: the probe has {ours.calls} calls, {ours.result} done;"
                    f" the ledger has {theirs.calls}, {theirs.result}"
                )
    return found


def built_by_compose(log: str) -> Built | None:
    """The collecting step in BuildKit's plain log; None if it came from the cache.

    Args:
        log: lines such as `#13 [backend 9/9] RUN python manage.py collectstatic ...`,
            `#13 1.0 131 static files copied to ...` and `#13 DONE 1.2s`.
    """
    step = re.search(r"^#(\d+) \[.*\] RUN .*manage\.py collectstatic", log, re.MULTILINE)
    if step is None:
        return None
    done = re.search(rf"^#{step[1]} DONE ([\d.]+)s", log, re.MULTILINE)
    if done is None:
        return None
    files = re.search(rf"^#{step[1]} \S+ (\d+) static files? copied", log, re.MULTILINE)
    return Built(seconds=float(done[1]), files=int(files[1]) if files else 0)
