"""Updates that are cut off: at a resource's boundary, or some seconds after their start."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.integration.harness import Site

_OURS = "django-on-docker:index:"  # components: nothing happens at their boundaries
_MOMENTS = {"resourcePreEvent": "before", "resOutputsEvent": "after"}
_IDLE = ("same", "read", "refresh", "replace")  # a replacement is a creation and a deletion


@dataclass(frozen=True, kw_only=True, order=True)
class Boundary:
    """Where one resource's operation begins or ends.

    Attributes:
        side: ``before`` or ``after``.
        operation: as the engine calls it, such as ``create`` or ``delete-replaced``.
        resource: the resource's name, without the deployment's.
    """

    side: str
    operation: str
    resource: str

    def __str__(self) -> str:
        return f"{self.side} {self.operation} {self.resource}"


Moment = Boundary | float
"""When an update is cut off: at a boundary, or some seconds after its start."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How an update is cut off.

    Attributes:
        at: when; None lets it end.
        signal: the signal that it gets.
        words: what is cut off instead of an update, by an instant.
        whole: all its processes get it, not `pulumi` alone.
        act: what is done then instead of sending a signal.
        once: what else has to be true then, asked again and again.
    """

    at: Moment | None = None
    signal: int = signal.SIGKILL
    whole: bool = True
    words: Sequence[str] = ()
    act: Callable[[], object] | None = None
    once: Callable[[], object] | None = None

    def __str__(self) -> str:
        who = "all of it" if self.whole else "pulumi"
        when = f"after {self.at:.2f} s" if isinstance(self.at, float) else str(self.at)
        return f"{signal.Signals(self.signal).name} to {who} {when}"


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """An update that was cut off, or ended before it could be.

    Attributes:
        code: its exit code; negative is a signal's number.
        seconds: how long it ran.
        ended_in: how many of these after it was cut off.
        boundaries: the boundaries that it passed, in order.
        output: what it printed.
    """

    code: int
    seconds: float
    ended_in: float
    boundaries: list[Boundary]
    output: str


def cut_off(site: Site, cut: Cut) -> CutOff:
    """Run an update and cut it off; returns once it is gone."""
    events, log = site.folder / "events.jsonl", site.folder / "cut-off.log"
    events.unlink(missing_ok=True)
    words = cut.words or _update(site, events, by_instant=isinstance(cut.at, float))
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            cwd=site.folder,
            env={**site.env, "PULUMI_DEBUG_COMMANDS": "true"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            told = started
            if cut.at is not None and _wait(process, cut, events, site):
                told = time.monotonic()
                cut.act() if cut.act else _send(process, cut)
            process.wait(timeout=600)
        finally:
            if process.poll() is None:
                process.kill()
    return CutOff(
        code=process.returncode,
        seconds=time.monotonic() - started,
        ended_in=time.monotonic() - told,
        boundaries=list(_boundaries(events, site)),
        output=log.read_text(errors="replace"),
    )


def _update(site: Site, events: Path, *, by_instant: bool) -> list[str]:
    words = ["pulumi", "--non-interactive", "up", "--yes", "-s", site.stack]
    # Boundaries are those of the update itself: its preview has the same ones.
    return [*words, "--event-log", str(events), *([] if by_instant else ["--skip-preview"])]


def _wait(process: subprocess.Popen[bytes], cut: Cut, events: Path, site: Site) -> bool:
    """Wait for the moment; tells whether the process still runs then."""
    started = time.monotonic()
    there = False
    while process.poll() is None:
        if isinstance(cut.at, Boundary):
            there = there or cut.at in _boundaries(events, site)
        else:
            there = time.monotonic() - started >= (cut.at or 0)
        if there and (cut.once is None or cut.once()):
            return True
        time.sleep(0.005)
    return False


def programs(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of some processes that run a Pulumi program in Python."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if any("pulumi-language-python-exec" in word for word in process.cmdline()):
                found.append(process)
    return found


def _send(process: subprocess.Popen[bytes], cut: Cut) -> None:
    victims = [psutil.Process(process.pid)]
    below = victims[0].children(recursive=True)
    # So does the official host: the program's error hooks can't be reached any more.
    ending = programs(below) if cut.signal == signal.SIGINT else []
    if cut.whole:
        victims += below
    for victim in victims:
        _kill(victim, cut.signal)
    for program in ending:
        _kill(program, signal.SIGKILL)


def _kill(process: psutil.Process, number: int) -> None:
    with suppress(psutil.Error, ProcessLookupError):
        process.send_signal(number)


def _boundaries(events: Path, site: Site) -> Iterator[Boundary]:
    text = events.read_text(errors="replace") if events.exists() else ""
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # its last line may be half there
        for kind, side in _MOMENTS.items():
            meta = event.get(kind, {}).get("metadata", {"op": "same", "urn": "", "type": ""})
            if meta["op"] in _IDLE or meta["type"].startswith((_OURS, "pulumi:")):
                continue
            name = meta["urn"].rpartition("::")[2].removeprefix(f"{site.deployment}-")
            yield Boundary(side=side, operation=meta["op"], resource=name)
