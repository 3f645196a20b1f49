"""The probe, loaded by Python as in the containers, on the example site."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.counts import parse_notes

ROOT = Path(__file__).parents[2]


def manage(folder: Path, *words: str, log: str = "notes.jsonl") -> subprocess.CompletedProcess[str]:
    """Run one command of the example site with the probe on the path."""
    return subprocess.run(
        [sys.executable, str(ROOT / "example/manage.py"), *words],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "bench/probe"),
            "BENCH_PROBE_LOG": log and str(folder / log),
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "STATIC_ROOT": str(folder / "static"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def notes(folder: Path) -> list[dict[str, Any]]:
    return parse_notes((folder / "notes.jsonl").read_text())


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("site")
    assert manage(folder, "migrate").returncode == 0
    assert manage(folder, "migrate").returncode == 0
    return notes(folder)


def test_each_process_starts_django_once(migrated: list[dict[str, Any]]) -> None:
    starts = [note for note in migrated if note["event"] == "boot"]
    assert len(starts) == 2, "migrations' own registries are no starts"
    assert all(0 < note["seconds"] < 60 for note in starts)


def test_applied_migrations_are_counted_apart_from_calls(migrated: list[dict[str, Any]]) -> None:
    calls = [note for note in migrated if note["event"] == "command"]
    assert [note["name"] for note in calls] == ["migrate", "migrate"]
    assert calls[0]["applied"] > 10
    assert calls[1]["applied"] == 0


def test_collected_files_are_counted(tmp_path: Path) -> None:
    assert manage(tmp_path, "collectstatic", "--noinput").returncode == 0
    assert notes(tmp_path)[-1]["copied"] > 50


def test_a_command_that_fails_is_noted(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "no_such_app").returncode != 0
    assert notes(tmp_path)[-1]["ok"] is False


def test_without_a_file_nothing_is_noted_or_broken(tmp_path: Path) -> None:
    assert manage(tmp_path, "check", log="").returncode == 0
    assert manage(tmp_path, "check", log="no/such/folder").returncode == 0
    assert list(tmp_path.iterdir()) == []
