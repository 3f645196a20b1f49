"""The execution plan and the start-up command, cell by cell, and in a real shell."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.plan import STRATEGIES, execution_plan, manage, startup_command


@dataclass(frozen=True, kw_only=True)
class Config:
    strategy: str = "recommended"
    collect_static_on_startup: bool = False
    seeding: bool = True
    seed_steps: tuple[str, ...] = ("a", "b")


def cells(config: Config) -> dict[tuple[str, str], bool]:
    return {(e.operation, e.point): e.runs for e in execution_plan(config).entries}


# strategy, collectStaticOnStartup, seeding -> collectstatic at start-up, in the job
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
    config = Config(strategy=strategy, collect_static_on_startup=switch, seeding=seeding)
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
    for entry in execution_plan(Config(strategy=strategy)).entries:
        assert entry.why
        assert (entry.when == "never") == (not entry.runs)


def test_the_table_has_a_line_for_every_cell() -> None:
    plan = execution_plan(Config())
    lines = plan.as_table().splitlines()
    assert len(lines) == 1 + len(plan.entries)
    assert lines[0].split()[:3] == ["operation", "point", "runs"]


FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *"$FAIL"*) exit 3 ;; esac
"""


def run_startup(folder: Path, switch: str | None, fail: str = "nothing") -> tuple[int, list[str]]:
    """Run the start-up command in a real shell, with a `python` that notes how it was called."""
    (folder / "python").write_text(FAKE_PYTHON)
    (folder / "python").chmod(0o755)
    calls = folder / "calls"
    calls.touch()
    text = startup_command(
        migrate_flags=["--run-syncdb"], workers=2, threads=4, grace=30, reload=False
    )
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "FAIL": fail}
    env |= {} if switch is None else {"COLLECT_STATIC_ON_STARTUP": switch}
    done = subprocess.run(["sh", "-c", text], env=env, capture_output=True, text=True, check=False)
    if done.returncode == 64:
        assert f"COLLECT_STATIC_ON_STARTUP is '{switch}'" in done.stderr
    return done.returncode, [line.split()[2] for line in calls.read_text().splitlines()]


OFF = ["migrate", "deploy_runtime.wsgi:application"]
ON = ["migrate", "collectstatic", "deploy_runtime.wsgi:application"]


@pytest.mark.parametrize(
    ("switch", "code", "calls"),
    [
        (None, 0, OFF),
        ("", 0, OFF),
        ("false", 0, OFF),
        ("False", 0, OFF),
        ("0", 0, OFF),
        ("no", 0, OFF),
        ("OFF", 0, OFF),
        ("true", 0, ON),
        ("TRUE", 0, ON),
        ("1", 0, ON),
        ("on", 0, ON),
        ("Yes", 0, ON),
        ("maybe", 64, []),
        ("2", 64, []),
        (" true", 64, []),
        ("*", 64, []),
    ],
)
def test_the_variable_decides(
    tmp_path: Path, switch: str | None, code: int, calls: list[str]
) -> None:
    assert run_startup(tmp_path, switch) == (code, calls)


@pytest.mark.parametrize(
    ("fail", "calls"), [("migrate", ["migrate"]), ("collectstatic", ["migrate", "collectstatic"])]
)
def test_nothing_serves_after_a_failure(tmp_path: Path, fail: str, calls: list[str]) -> None:
    assert run_startup(tmp_path, "true", fail) == (3, calls)


def test_gunicorn_replaces_the_shell() -> None:
    text = startup_command(migrate_flags=[], workers=1, threads=1, grace=5, reload=True)
    assert text.splitlines()[-1].startswith("exec python -m gunicorn ")
    assert text.endswith(" --reload")


def test_flags_are_quoted_for_the_shell() -> None:
    assert manage("migrate", "--database=a b").endswith("--noinput '--database=a b'")
