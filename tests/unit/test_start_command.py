"""The start-up command, in a real shell."""

import os
import subprocess
from pathlib import Path

import pytest

from components.serving.start_command import manage, startup_command

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
    assert manage("migrate", "--database=a b").endswith(" migrate '--database=a b'")
