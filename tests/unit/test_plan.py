"""The tables of the execution plan and of the decision matrix, cell by cell."""

import pytest

from components.ledger.plan import (
    ROWS,
    STRATEGIES,
    Plan,
    Switches,
    Up,
    execution_plan,
    expected_applied,
    expected_counts,
    or_restart,
)
from tests.unit.planned import switches


def cells(config: Switches) -> dict[tuple[str, str], bool]:
    return {(e.operation, e.point): e.runs for e in execution_plan(config).entries}


# strategy, app.collectStaticOnStartup, seeding -> collectstatic at start-up, in the job
@pytest.mark.parametrize(
    ("strategy", "switch", "seeding", "startup", "job"),
    [
        ("recommended", False, True, False, False),
        ("recommended", False, False, False, False),
        ("recommended", True, True, True, False),
        ("conservative", False, True, True, False),
        ("conservative", False, False, True, False),
        ("conservative", True, True, True, False),
        ("production-optimized", False, True, False, True),
        ("production-optimized", False, False, False, False),
        ("production-optimized", True, True, True, True),
        ("aggressive", False, True, False, False),
        ("aggressive", False, False, False, False),
    ],
)
def test_where_static_files_are_collected(
    strategy: str, switch: bool, seeding: bool, startup: bool, job: bool
) -> None:
    config = switches(
        strategy=strategy,
        collect_static_on_startup=switch,
        seed_steps=("a", "b") if seeding else (),
    )
    assert cells(config) == {
        ("collectstatic", "build"): True,
        ("collectstatic", "startup"): startup,
        ("collectstatic", "job"): job,
        ("migrate", "startup"): True,
        ("migrate", "job"): seeding,
        ("seed", "job"): seeding,
    }
    plan = execution_plan(config)
    assert (plan.collect_at_startup, plan.collect_in_job) == (startup, job)
    assert plan.static_volume == (startup or job)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_cell_says_when_and_why(strategy: str) -> None:
    for entry in execution_plan(switches(strategy=strategy)).entries:
        assert entry.why
        assert (entry.when == "never") == (not entry.runs)


BUILD, MIGRATE_JOB, SEED, COLLECT_JOB, MIGRATE_START, COLLECT_START = (
    *(("collectstatic", "build"), ("migrate", "job"), ("seed", "job"), ("collectstatic", "job")),
    *(("migrate", "startup"), ("collectstatic", "startup")),
)


def plan(strategy: str = "recommended", *, seeding: bool = True, switch: bool = False) -> Plan:
    return execution_plan(
        switches(
            strategy=strategy,
            seed_steps=("a", "b") if seeding else (),
            collect_static_on_startup=switch,
        )
    )


def up(row: str, *, triggered: bool = False, built: bool = False, starts: int = 1) -> Up:
    return Up(row=row, why="because", triggered=triggered, built=built, starts=starts)


def counts(row: Up, under: Plan) -> tuple[int, ...]:
    found = expected_counts(row, under)
    return tuple(found[o, p] for o, p in COLUMNS)  # type: ignore[index]


# The matrix's columns, and the build that comes before them.
COLUMNS = (BUILD, MIGRATE_START, MIGRATE_JOB, COLLECT_START, COLLECT_JOB)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("clean server", (1, 1, 1, 0, 0)),
        ("code update", (1, 1, 0, 0, 0)),
        ("container restart", (0, 1, 0, 0, 0)),
        ("re-deployment", (0, 1, 1, 0, 0)),
        ("nothing to do", (0, 0, 0, 0, 0)),
    ],
)
def test_the_matrix_of_the_recommended_strategy(row: str, cells: tuple[int, ...]) -> None:
    assert counts(up(row), plan()) == cells


def test_the_matrix_of_development() -> None:
    under = plan(switch=True)
    assert counts(up("development"), under) == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("strategy", "row", "cells"),
    [
        ("conservative", "clean server", (1, 1, 1, 1, 0)),
        ("conservative", "code update", (1, 1, 0, 1, 0)),
        ("conservative", "container restart", (0, 1, 0, 1, 0)),
        ("conservative", "re-deployment", (0, 1, 1, 1, 0)),
        ("production-optimized", "clean server", (1, 1, 1, 0, 1)),
        ("production-optimized", "code update", (1, 1, 0, 0, 0)),
        ("production-optimized", "container restart", (0, 1, 0, 0, 0)),
        ("production-optimized", "re-deployment", (0, 1, 1, 0, 1)),
        ("aggressive", "clean server", (1, 1, 1, 0, 0)),
        ("aggressive", "code update", (1, 1, 0, 0, 0)),
        ("aggressive", "container restart", (0, 1, 0, 0, 0)),
        ("aggressive", "re-deployment", (0, 1, 1, 0, 0)),
    ],
)
def test_the_matrix_of_the_other_strategies(
    strategy: str, row: str, cells: tuple[int, ...]
) -> None:
    assert counts(up(row), plan(strategy)) == cells


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("row", ROWS)
def test_seeding_follows_the_jobs_migrate(strategy: str, row: str) -> None:
    found = expected_counts(up(row), plan(strategy))
    assert found["seed", "job"] == found["migrate", "job"]


def test_a_code_update_runs_the_job_only_if_its_trigger_changed() -> None:
    assert counts(up("code update", triggered=True), plan()) == (1, 1, 1, 0, 0)
    optimized = plan("production-optimized")
    assert counts(up("code update", triggered=True), optimized) == (1, 1, 1, 0, 1)
    assert counts(up("code update", triggered=True), plan(seeding=False)) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize("row", ROWS)
def test_without_seeding_there_is_no_job(row: str) -> None:
    found = expected_counts(up(row, triggered=True), plan("production-optimized", seeding=False))
    assert not any(count for (_, point), count in found.items() if point == "job")


def test_an_image_that_is_there_is_not_built() -> None:
    assert counts(up("code update", built=True), plan()) == (0, 1, 0, 0, 0)


def test_each_replica_migrates_when_it_starts_and_the_rest_happens_once() -> None:
    assert counts(up("clean server", starts=3), plan(switch=True)) == (1, 3, 1, 3, 0)
    assert counts(up("nothing to do", starts=3), plan()) == (0, 0, 0, 0, 0)
    assert "3 times" in plan().as_table(up("code update", starts=3))
    applied = expected_applied(up("code update", starts=3), plan(), pending=2)
    assert applied == {"job": 0, "startup": 2}


@pytest.mark.parametrize(
    ("row", "triggered", "seeding", "job", "startup"),
    [
        ("clean server", False, True, 3, 0),
        ("clean server", False, False, 0, 3),
        ("code update", False, True, 0, 3),
        ("code update", True, True, 3, 0),
        ("code update", True, False, 0, 3),
        ("container restart", False, True, 0, 0),
        ("re-deployment", True, True, 0, 0),
        ("development", False, True, 3, 0),
        ("nothing to do", False, True, 0, 0),
    ],
)
def test_pending_migrations_are_applied_by_whoever_comes_first(
    row: str, triggered: bool, seeding: bool, job: int, startup: int
) -> None:
    applied = expected_applied(up(row, triggered=triggered), plan(seeding=seeding), pending=3)
    assert applied == {"job": job, "startup": startup}


def test_a_container_that_starts_where_nothing_was_changed_is_a_restart() -> None:
    assert or_restart(up("nothing to do")).row == "container restart"
    assert or_restart(up("code update")) == up("code update")


def test_replicas_that_stop_are_no_restart() -> None:
    assert or_restart(up("nothing to do", starts=0)).row == "nothing to do"


@pytest.mark.parametrize("row", ROWS)
def test_every_row_says_how_it_comes_about(row: str) -> None:
    assert ROWS[row].how


def test_the_table_shows_the_plan_and_what_of_it_this_update_runs() -> None:
    lines = plan().as_table(up("code update")).splitlines()
    assert lines[0].split()[:5] == ["operation", "point", "runs", "in", "this"]
    cells = [tuple(line.split()[:4]) for line in lines[1:]]
    assert cells == [
        ("collectstatic", "build", "yes", "yes"),
        ("migrate", "job", "yes", "no"),
        ("seed", "job", "yes", "no"),
        ("collectstatic", "job", "no", "no"),
        ("migrate", "startup", "yes", "yes"),
        ("collectstatic", "startup", "no", "no"),
    ]
