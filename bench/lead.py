"""Leads a contender through its updates while a load is on it."""

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bench.load_site import ROOT, Update
from bench.loaded import PATIENCE, Loaded, wait_until
from bench.outcome import Outcome, Updated, read_notes
from bench.process import BenchError
from bench.request_mix import Mix
from bench.visitor import LOCAL

SHORTEST_PAUSE = 3.0  # seconds between two updates
LONGEST_BEGINNING = 20.0  # seconds until the load begins
LONGEST_END = 60.0  # seconds that the last requests may take


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a contender is led through.

    Attributes:
        updates: in their order.
        requests: how many are sent at least.
        mix: of what.
        before: seconds of load before the first update.
        seed: of the load.
    """

    updates: Sequence[Update]
    requests: int
    mix: Mix
    before: float = 8.0
    seed: int = 1

    @property
    def seconds(self) -> float:
        """How long the load takes at least."""
        return self.requests / self.mix.rate_in_all


class Lead:
    """One contender's course. What is known of it so far is in `outcome()` at any time.

    Args:
        site: the contender.
        course: what it is led through.
        folder: for the load's notes.
        say: tells people how far it is.
    """

    def __init__(
        self, site: Loaded, course: Course, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._site, self._course, self._say = site, course, say
        self._notes = folder / "requests.tsv"
        self._updates: list[Updated] = []
        self._stored: dict[str, int] | None = None

    def go(self) -> Outcome:
        """All of it.

        Raises:
            BenchError: the first deployment failed, or the load ended by itself.
        """
        self._say("deploys")
        self._site.deploy()
        with Sender(self._site.port, self._notes, self._course) as sender:
            time.sleep(self._course.before)
            for index, update in enumerate(self._course.updates):
                sender.check()
                self._update(update)
                self._pause(sender, len(self._course.updates) - index - 1)
        # What was on its way when the last backend stopped is in the database or never will be.
        self._stored = stored(self._site.port)
        return self.outcome()

    def outcome(self) -> Outcome:
        """What became of the load until now."""
        notes = read_notes(self._notes) if self._notes.exists() else []
        for update in self._updates:
            update.see(notes)
        return Outcome(notes=notes, updates=self._updates, stored=self._stored)

    def _update(self, update: Update) -> None:
        self._site.project.stage(update)
        run = self._site.update()
        # Where the command does not say that it failed, somebody has to wait and see.
        came_up = run.code == 0 and wait_until(
            lambda: serving(self._site.port) == update.release, PATIENCE
        )
        done = Updated(
            release=update.release,
            what=update.what,
            fails=bool(update.fault),
            code=run.code,
            began=run.began,
            ended=time.monotonic(),
            phases=self._site.phases(run),
            said=run.last_lines,
        )
        self._updates.append(done)
        if update.fault:
            self._site.project.mend()
        how = "serves" if came_up else f"does not serve, exit code {run.code}"
        self._say(f"{update.release}, {update.what}: {how}, {done.ended - done.began:.1f} s")

    def _pause(self, sender: "Sender", left: int) -> None:
        """Spread the updates over the time that the load takes anyway."""
        rest = self._course.seconds - sender.age
        time.sleep(max(SHORTEST_PAUSE, rest / (left + 1) - self._mean() if left else rest))

    def _mean(self) -> float:
        return sum(done.ended - done.began for done in self._updates) / len(self._updates)


class Sender:
    """The load, in a process of its own, for as long as the block lasts."""

    def __init__(self, port: int, notes: Path, course: Course) -> None:
        options = {
            "port": port,
            "notes": notes,
            "rate": course.mix.rate,
            "slow-rate": course.mix.slow_rate,
            "seed": course.seed,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._command = [sys.executable, "-m", "bench.load", *words]
        self._notes = notes
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0

    def __enter__(self) -> "Sender":
        process = subprocess.Popen(self._command, cwd=ROOT, stdin=subprocess.PIPE)
        self._process = process
        wait_until(lambda: self._notes.exists() or process.poll() is not None, LONGEST_BEGINNING)
        self.check()
        self._began = time.monotonic()
        return self

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def check(self) -> None:
        """See that it goes on.

        Raises:
            BenchError: it does not.
        """
        if self._process is None or self._process.poll() is not None:
            raise BenchError("the load has ended by itself: what it printed is above")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            self._process.wait(LONGEST_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if error is None:
            self._complete()

    def _complete(self) -> None:
        if self._process is None or self._process.returncode != 0:
            raise BenchError("the load did not end well, so that its notes are not complete")


def ask(port: int, path: str, patience: float) -> tuple[int, str, str]:
    """Status, release and body of one answer; the status is 0 if there is none."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=patience)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("X-Release", ""), answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, "", ""
    finally:
        connection.close()


def serving(port: int) -> str:
    """The release that answers now; empty if none does."""
    status, release, _ = ask(port, "/-load/read", 5.0)
    return release if status == 200 else ""


def stored(port: int) -> dict[str, int]:
    """How often each key is in the database.

    Raises:
        BenchError: the site does not say.
    """
    found: list[str] = []

    def answered() -> bool:
        status, _, body = ask(port, "/-load/keys", 30.0)
        found[:] = body.splitlines()
        return status == 200

    if not wait_until(answered, PATIENCE):
        raise BenchError("the site does not say what is in its database")
    return {key: int(times) for key, _, times in (line.partition(" ") for line in found)}
