"""From configuration to the execution plan: which operation runs where, and why.

Pure functions and tables, no Pulumi import. Everything that depends on the strategy follows from
`STRATEGIES`; no other file asks which strategy it is. The operations, the execution points and
the reasons are those of the analysis that this program grew out of (docs/analysis.md).
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Operation = Literal["collectstatic", "migrate", "seed"]
Point = Literal["build", "startup", "job"]


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


class Switches(Protocol):
    """The settings that the plan follows from."""

    @property
    def strategy(self) -> str: ...
    @property
    def collect_static_on_startup(self) -> bool: ...
    @property
    def seeding(self) -> bool: ...
    @property
    def seed_steps(self) -> Sequence[str]: ...


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

    def as_output(self) -> list[dict[str, Any]]:
        """The plan as plain data, for the stack output `executionPlan`."""
        return [asdict(entry) for entry in self.entries]

    def as_table(self) -> str:
        """The plan as a table for people, for the preview."""
        rows = [("operation", "point", "runs", "when", "why")]
        rows += [
            (e.operation, e.point, "yes" if e.runs else "no", e.when, e.why) for e in self.entries
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        return "\n".join(
            "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]])
            for row in rows
        )


def execution_plan(settings: Switches) -> Plan:
    """Derive the execution plan: a pure function of configuration."""
    strategy = STRATEGIES[settings.strategy]
    at_startup = strategy.startup or settings.collect_static_on_startup
    in_job = strategy.job and settings.seeding
    return Plan(
        entries=(
            _build(),
            _migrate_in_job(settings),
            _seed(settings),
            _collect_in_job(settings, strategy, in_job),
            _migrate_at_startup(),
            _collect_at_startup(settings, strategy, at_startup),
        ),
        collect_at_startup=at_startup,
        collect_in_job=in_job,
    )


_EACH_BUILD = "each new release"
_EACH_JOB = "clean server; steps or redeploy changed"
_EACH_START = "every container start"
_NEVER = "never"


def _build() -> Entry:
    return Entry(
        operation="collectstatic",
        point="build",
        runs=True,
        when=_EACH_BUILD,
        why="bakes static files into the image: fast start-up; a failure stops the build",
    )


def _migrate_in_job(settings: Switches) -> Entry:
    why = "creates the schema and seeds data" if settings.seeding else "seeding is off"
    when = _EACH_JOB if settings.seeding else _NEVER
    return Entry(operation="migrate", point="job", runs=settings.seeding, when=when, why=why)


def _seed(settings: Switches) -> Entry:
    steps = len(settings.seed_steps)
    why = f"{steps} idempotent steps populate the tables" if settings.seeding else "seeding is off"
    when = _EACH_JOB if settings.seeding else _NEVER
    return Entry(operation="seed", point="job", runs=settings.seeding, when=when, why=why)


def _collect_in_job(settings: Switches, strategy: Strategy, runs: bool) -> Entry:
    why = "redundant: the image has the files"
    if strategy.job:
        why = strategy.why if settings.seeding else "seeding is off"
    when = _EACH_JOB if runs else _NEVER
    return Entry(operation="collectstatic", point="job", runs=runs, when=when, why=why)


def _migrate_at_startup() -> Entry:
    return Entry(
        operation="migrate",
        point="startup",
        runs=True,
        when=_EACH_START,
        why="keeps the schema up to date when code changes; applies only new migrations",
    )


def _collect_at_startup(settings: Switches, strategy: Strategy, runs: bool) -> Entry:
    why = "redundant: the image has the files"
    if settings.collect_static_on_startup:
        why = "collectStaticOnStartup is set: picks up changes in mounted source"
    elif runs:
        why = strategy.why
    when = _EACH_START if runs else _NEVER
    return Entry(operation="collectstatic", point="startup", runs=runs, when=when, why=why)


# One text for every stack and strategy: they differ in the variable's value only. The variable is
# looked at before anything runs, so that a mistake in it changes nothing.
_STARTUP = """\
set -eu
case "$(printf %s "${{COLLECT_STATIC_ON_STARTUP:-}}" | tr '[:upper:]' '[:lower:]')" in
  1|true|yes|on) collect=yes ;;
  ''|0|false|no|off) collect=no ;;
  *) echo "COLLECT_STATIC_ON_STARTUP is '$COLLECT_STATIC_ON_STARTUP':" \\
       "use 1, true, yes or on; 0, false, no, off or nothing" >&2; exit 64 ;;
esac
{migrate}
if [ "$collect" = yes ]; then {collect}; fi
exec {serve}"""

_GUNICORN = "python -m gunicorn deploy_runtime.wsgi:application"


def manage(command: str, *flags: str) -> str:
    """The shell words that run one Django management command in the project's environment."""
    return shlex.join(["python", "-m", "django", command, "--noinput", *flags])


def startup_command(
    *, migrate_flags: Sequence[str], workers: int, threads: int, grace: int, reload: bool
) -> str:
    """The container's start-up command: migrate, collectstatic on demand, then gunicorn.

    Args:
        migrate_flags: further flags of migrate; the seeding job uses the same.
        workers: gunicorn worker processes.
        threads: threads of each worker.
        grace: seconds that requests in flight have to finish in after SIGTERM.
        reload: restart workers when the code changes, for development.
    """
    options = {
        "--bind": "0.0.0.0:8000",
        "--workers": str(workers),
        "--threads": str(threads),
        "--worker-tmp-dir": "/dev/shm",
        "--graceful-timeout": str(grace),
        "--forwarded-allow-ips": "*",
    }
    words = [word for pair in options.items() for word in pair]
    serve = f"{_GUNICORN} {shlex.join(words)}{' --reload' if reload else ''}"
    return _STARTUP.format(
        migrate=manage("migrate", *migrate_flags), collect=manage("collectstatic"), serve=serve
    )
