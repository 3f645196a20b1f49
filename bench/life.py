"""One life of a deployment, row by row of the decision matrix, with what each row took and did."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bench.counts import Built, Tally, differences, tally, tally_of_ledger
from bench.process import BenchError, Timed
from bench.visitor import Load, Visits, status, wait_for_200

CLEAN, RESTART, UPDATE, REDEPLOY = (
    "clean server",
    "container restart",
    "code update",
    "re-deployment",
)
ROWS = (CLEAN, RESTART, UPDATE, REDEPLOY)
REQUIREMENTS = "requirements.txt"
SETTLING_SECONDS = 2.0
LONGEST_SETTLING = 30.0


class Contender(Protocol):
    """A deployment that can be led through its life."""

    @property
    def url(self) -> str: ...
    @property
    def backend(self) -> str: ...
    def deploy(self) -> Timed: ...
    def edit(self, line: str = ..., file: str = ...) -> None: ...
    def update(self) -> Timed: ...
    def redeploy(self) -> Timed: ...
    def restart(self) -> Timed: ...
    def notes(self) -> list[dict[str, Any]]: ...
    def ledger(self) -> list[dict[str, Any]] | None: ...
    def built(self, run: Timed) -> Built | None: ...


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one row of the decision matrix took and did.

    Attributes:
        seconds: from the command to its end; of a restart, to the first page after it.
        stopping: of a restart, the seconds until the container was started again.
        tally: what ran.
        visits: of an update, what visitors met with meanwhile.
    """

    seconds: float
    tally: Tally
    stopping: float = 0.0
    visits: Visits | None = None

    def as_data(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        data: dict[str, Any] = {"seconds": round(self.seconds, 3), "ran": self.tally.as_data()}
        if self.stopping:
            data["stopping"] = round(self.stopping, 3)
        if self.visits:
            data["visits"] = {
                "requests": self.visits.requests,
                "failed": self.visits.failed,
                "statuses": {str(code): n for code, n in sorted(self.visits.statuses.items())},
                "longest_gap": round(self.visits.gap, 3),
                "slowest": round(self.visits.slowest, 3),
            }
        return data


class Life:
    """Leads a contender through its life, and keeps account."""

    def __init__(self, site: Contender, say: Callable[[str], None]) -> None:
        self._site, self._say = site, say
        self._seen = 0

    def live(self, *, cold: bool = False) -> dict[str, Row]:
        """All rows, in order.

        Args:
            cold: dependencies are installed anew, not taken from the cache of image builds.

        Raises:
            BenchError: a step failed, the site did not answer after it, or the ledger has other
                counts than the probe.
        """
        # A line that no earlier build had: or the cache would do the work of this one.
        self._site.edit()
        if cold:
            self._site.edit(file=REQUIREMENTS)
        rows = {}
        for name, lead in zip(ROWS, self._steps(), strict=True):
            rows[name] = lead()
            self._say(f"{name}: {rows[name].seconds:.1f} s")
        self._check_ledger()
        return rows

    def _check_ledger(self) -> None:
        """Two who counted apart from each other have to agree, or neither is to be believed."""
        records = self._site.ledger()
        if records is None:
            return
        found = differences(tally(self._site.notes()), tally_of_ledger(records))
        if found:
            raise BenchError("the ledger and the probe disagree:\n  " + "\n  ".join(found))
        self._say("the ledger agrees with the probe")

    def _steps(self) -> list[Callable[[], Row]]:
        return [
            lambda: self._run(self._site.deploy),
            self._restart,
            self._update,
            lambda: self._run(self._site.redeploy),
        ]

    def _run(self, command: Callable[[], Timed]) -> Row:
        run = command()
        return self._row(run, run.seconds)

    def _restart(self) -> Row:
        run = self._site.restart()
        seconds = run.seconds + wait_for_200(self._site.url)
        return self._row(run, seconds, stopping=run.seconds)

    def _update(self) -> Row:
        self._site.edit()
        with Load(self._site.url) as load:
            run = self._site.update()
        return self._row(run, run.seconds, visits=load.visits)

    def _row(
        self, run: Timed, seconds: float, *, stopping: float = 0.0, visits: Visits | None = None
    ) -> Row:
        code = status(self._site.url)
        if code != 200:
            raise BenchError(f"{self._site.url} answers {code} where it should answer 200")
        notes = self._settled_notes()
        new, self._seen = notes[self._seen :], len(notes)
        return Row(
            seconds=seconds,
            tally=tally(new, self._site.built(run)),
            stopping=stopping,
            visits=visits,
        )

    def _settled_notes(self) -> list[dict[str, Any]]:
        """The notes, once nothing is added any more: the last worker may start after the first."""
        deadline = time.monotonic() + LONGEST_SETTLING
        notes = self._site.notes()
        while time.monotonic() < deadline:
            time.sleep(SETTLING_SECONDS)
            before, notes = len(notes), self._site.notes()
            if len(notes) == before:
                break
        return notes
