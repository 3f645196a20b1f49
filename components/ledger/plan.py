"""From configuration to the execution plan: which operation runs where, and why; and to its counts.

Pure functions and tables, no Pulumi import. Everything that depends on the strategy follows from
`STRATEGIES`, everything that depends on the line of the decision matrix from `ROWS`; no other file
asks which strategy or row it is. The operations, the execution points and the reasons are those of
the analysis that this program grew out of (docs/analysis.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..text_table import text_table

Operation = Literal["collectstatic", "migrate", "seed"]
Point = Literal["build", "startup", "job"]
Passes = Literal["yes", "no", "if triggered"]
Counts = dict[tuple[Operation, Point], int]


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """Where static files are collected besides the build, which always collects.

    Attributes:
        startup: the start-up command collects.
        job: the seeding job collects.
        startup_refused: collecting at start-up can't be asked for either.
        why: the reason to choose it.
    """

    startup: bool
    job: bool
    startup_refused: bool = False
    why: str


STRATEGIES: Mapping[str, Strategy] = {
    "recommended": Strategy(
        startup=False, job=False, why="baked into the image once: fast, and the same everywhere"
    ),
    "conservative": Strategy(
        startup=True, job=False, why="Option 1: volumes change static files between restarts"
    ),
    "production-optimized": Strategy(
        startup=False, job=True, why="Option 2: the job puts ownership right on first deploy"
    ),
    "aggressive": Strategy(
        startup=False,
        job=False,
        startup_refused=True,
        why="Option 3: nothing may ever collect outside the build",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the decision matrix: which execution points it passes.

    What runs at a point is the plan's business, so that one table serves every strategy.

    Attributes:
        build: a new image is built.
        job: the seeding job runs; "if triggered" by a change of its steps or its database.
        startup: a container starts.
        applies: migrations may be pending. The first migrate applies them, a later one none.
        how: how it comes about.
    """

    build: Passes
    job: Passes
    startup: Passes
    applies: bool
    how: str


CLEAN, UPDATE, RESTART = "clean server", "code update", "container restart"
REDEPLOYMENT, DEVELOPMENT, NOTHING = "re-deployment", "development", "nothing to do"

# fmt: off
ROWS: Mapping[str, Row] = {
    CLEAN: Row(
        build="yes", job="yes", startup="yes", applies=True,
        how="first up with data: create"),
    UPDATE: Row(
        build="yes", job="if triggered", startup="yes", applies=True,
        how="up after the project changed"),
    RESTART: Row(
        build="no", job="no", startup="yes", applies=False,
        how="docker restart, crash, reboot: no up"),
    REDEPLOYMENT: Row(
        build="no", job="yes", startup="yes", applies=False,
        how="redeploy raised, then up: replaces the backend too"),
    DEVELOPMENT: Row(
        build="yes", job="yes", startup="yes", applies=True,
        how="first up of a stack that mounts its source"),
    NOTHING: Row(
        build="no", job="no", startup="no", applies=False,
        how="up, and nothing changed"),
}
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Up:
    """Which line of the decision matrix an `up` is.

    Attributes:
        row: its name in `ROWS`.
        why: what it follows from.
        triggered: the seeding job runs, if the plan has one.
        built: the release's image is there already.
        starts: how many containers of the backend start, where the row has any start.
        resumed: the job ran for an earlier `up`, which failed later.
    """

    row: str
    why: str
    triggered: bool = False
    built: bool = False
    starts: int = 1
    resumed: bool = False

    @property
    def idle(self) -> bool:
        """Nothing was found that would have to run."""
        return self.row == NOTHING


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What the plan follows from.

    Attributes:
        strategy: the strategy's name.
        collect_static_on_startup: the start-up command collects, whatever the strategy.
        seed_steps: the seeding job's steps; without any there is no job.
    """

    strategy: str
    collect_static_on_startup: bool
    seed_steps: Sequence[str]

    @property
    def seeding(self) -> bool:
        """There is a seeding job."""
        return bool(self.seed_steps)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One cell of the plan: does this operation run at this point, when, and why."""

    operation: Operation
    point: Point
    runs: bool
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The execution plan of a stack."""

    entries: tuple[Entry, ...]
    collect_at_startup: bool
    collect_in_job: bool

    @property
    def static_volume(self) -> bool:
        """STATIC_ROOT has to be writable: a volume of the release's own, filled from its image."""
        return self.collect_at_startup or self.collect_in_job

    def as_table(self, up: Up) -> str:
        """The plan, and what of it this `up` carries out, as a table for the preview.

        Args:
            up: which line of the matrix it is.
        """
        counts = expected_counts(up, self)
        rows = [("operation", "point", "runs", "in this up", "when", "why")]
        for e in self.entries:
            now = _times(counts[e.operation, e.point])
            rows.append((e.operation, e.point, _yes(e.runs), now, e.when, e.why))
        return text_table(rows)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _times(count: int) -> str:
    return f"{count} times" if count > 1 else _yes(count > 0)


_WHEN: Mapping[Point, str] = {
    "build": "each new release",
    "job": "clean server; steps or redeploy changed",
    "startup": "every container start",
}


def execution_plan(switches: Switches) -> Plan:
    """Derive the execution plan: a pure function of configuration."""
    strategy = STRATEGIES[switches.strategy]
    switched = switches.collect_static_on_startup
    at_startup = strategy.startup or switched
    in_job = strategy.job and switches.seeding

    redundant = "redundant: the image has the files"
    off = "" if switches.seeding else "there are no seed steps"
    seeds = off or f"{len(switches.seed_steps)} idempotent steps populate the tables"
    job = (off or strategy.why) if strategy.job else redundant
    startup = strategy.why if strategy.startup else redundant
    if switched:
        startup = "app.collectStaticOnStartup is set: picks up changes in mounted source"
    bakes = "bakes static files into the image: fast start-up; a failure stops the build"
    keeps = "keeps the schema up to date when code changes; applies only new migrations"

    cells: tuple[tuple[Operation, Point, bool, str], ...] = (
        ("collectstatic", "build", True, bakes),
        ("migrate", "job", switches.seeding, off or "creates the schema and seeds data"),
        ("seed", "job", switches.seeding, seeds),
        ("collectstatic", "job", in_job, job),
        ("migrate", "startup", True, keeps),
        ("collectstatic", "startup", at_startup, startup),
    )
    entries = (
        Entry(operation=o, point=p, runs=runs, when=_WHEN[p] if runs else "never", why=why)
        for o, p, runs, why in cells
    )
    return Plan(entries=tuple(entries), collect_at_startup=at_startup, collect_in_job=in_job)


def or_restart(up: Up) -> Up:
    """What an `up` is if nothing was changed, and a container starts all the same."""
    unforeseen = up.idle and up.starts
    return replace(up, row=RESTART, why="the container is replaced") if unforeseen else up


def expected_counts(up: Up, plan: Plan) -> Counts:
    """How often each operation runs at each point, for a line of the matrix under a plan."""
    row = ROWS[up.row]
    passes: Mapping[Point, Passes] = {
        "build": "no" if up.built else row.build,
        "job": row.job,
        "startup": row.startup,
    }
    happens = {
        point: how == "yes" or (how == "if triggered" and up.triggered)
        for point, how in passes.items()
    }
    times: Mapping[Point, int] = {"build": 1, "job": 1, "startup": up.starts}
    return {
        (e.operation, e.point): times[e.point] if e.runs and happens[e.point] else 0
        for e in plan.entries
    }


def expected_applied(up: Up, plan: Plan, pending: int) -> dict[Point, int]:
    """How many of the pending migrations each migrate applies: all of them the first, if any."""
    counts = expected_counts(up, plan)
    points: tuple[Point, ...] = ("job", "startup")
    first = next((point for point in points if counts["migrate", point]), None)
    applies = pending if ROWS[up.row].applies else 0
    return {point: applies if point == first else 0 for point in points}


def may_apply(up: Up, plan: Plan) -> set[Point]:
    """Where migrations may be applied: what came after a job that had run, only the start finds."""
    points: set[Point] = {p for p, n in expected_applied(up, plan, pending=1).items() if n}
    if up.resumed and ROWS[up.row].applies:
        points.add("startup")
    return points
