"""What a command by hand does inside its container, and enters into the ledger."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime import ledger
from tests.unit.runtime_project import Project, database


def records(project: Project) -> list[dict[str, Any]]:
    file = Path(project.environ["DEPLOY_LEDGER"])
    return ledger.parse(file.read_bytes())[0] if file.exists() else []


def told(project: Project) -> list[tuple[str, str, dict[str, Any]]]:
    return [(r["operation"], r["point"], r["result"]) for r in records(project)]


def test_a_command_is_recorded_without_what_else_it_was_told(project: Project) -> None:
    project.command(
        "greet",
        "print('hello', options['password'])",
        arguments="    def add_arguments(self, parser): parser.add_argument('--password')",
    )
    done = project.succeeds("one_off", "manage", "greet", "--password=hunter2-hunter2")
    # What it prints may go into a file.
    assert done.stdout == "hello hunter2-hunter2\n"
    assert told(project) == [("manage", "one-off", {"command": "greet", "outcome": "done"})]
    assert "hunter2" not in json.dumps(records(project))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise SystemExit(17)", 17),
        ("from django.core.management.base import CommandError; raise CommandError('no tea')", 1),
        ("raise RuntimeError('the well is dry')", 1),
    ],
)
def test_its_exit_code_is_the_commands(project: Project, body: str, code: int) -> None:
    project.command("stumble", body)
    done = project.module("one_off", "manage", "stumble")
    assert done.returncode == code
    assert records(project)[0]["result"]["outcome"] == "failed"


def test_migrate_by_hand_is_counted_as_what_it_is(project: Project) -> None:
    done = project.succeeds("one_off", "manage", "migrate")
    assert "migrate … applied 1 migration" in done.stdout
    (record,) = records(project)
    assert (record["operation"], record["point"]) == ("migrate", "one-off")
    assert record["result"]["migrations"] == ["shop.0001_initial"]


def test_migrate_by_hand_waits_for_others(project: Project) -> None:
    lock = database(project).with_name(f"{database(project).name}.migrate-lock")
    holding = (
        "import fcntl, os, sys, time\n"
        f"file = os.open({str(lock)!r}, os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    words = [sys.executable, "-c", holding]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        said = project.fails("one_off", "manage", "migrate", DEPLOY_MIGRATE_TIMEOUT="1")
        holder.kill()
    assert "migrate has waited 1 s" in said


def test_a_question_about_migrate_is_no_run_of_it(project: Project) -> None:
    assert (
        "usage: manage.py migrate"
        in project.succeeds("one_off", "manage", "migrate", "--help").stdout
    )
    assert [operation for operation, _, _ in told(project)] == ["manage"]


def test_a_shell_has_the_sites_settings_and_its_end_is_recorded(project: Project) -> None:
    words = [sys.executable, "-m", "deploy_runtime.one_off", "shell", "-c", "echo in; exit 5"]
    done = project.module("one_off", *words[3:])
    assert (done.stdout, done.returncode) == ("in\n", 5)
    assert told(project) == [
        ("manage", "one-off", {"command": "shell", "code": 5, "outcome": "failed"})
    ]


def test_asked_to_end_it_ends_and_says_what_it_did(project: Project) -> None:
    project.command("wait", "import time; print('waiting', flush=True); time.sleep(60)")
    words = [sys.executable, "-m", "deploy_runtime.one_off", "manage", "wait"]
    with subprocess.Popen(
        words, cwd=project.folder, env=project.environ, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout
        assert waiting.stdout.readline() == "waiting\n"
        time.sleep(0.1)
        waiting.terminate()
        assert waiting.wait(10) == 128 + signal.SIGTERM
    assert records(project)[0]["result"]["outcome"] == "failed"


def client(project: Project, name: str) -> str:
    """A PATH with a program of that name, which says what it was told."""
    folder = project.folder / "bin"
    folder.mkdir()
    (folder / name).write_text('#!/bin/sh\necho "$0 $*"\n')
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_the_databases_own_client_is_used_where_it_is(project: Project) -> None:
    done = project.succeeds("one_off", "dbshell", PATH=client(project, "sqlite3"))
    assert done.stdout.strip() == f"{project.folder}/bin/sqlite3 {database(project)}"
    assert told(project) == [("manage", "one-off", {"command": "dbshell", "outcome": "done"})]


def test_without_it_sqlite_has_pythons_command_line(project: Project) -> None:
    done = project.module("one_off", "dbshell", "--", "select 40 + 2", PATH="/nowhere")
    said = done.stdout + done.stderr
    # Older ones have none.
    older = "the release has no program sqlite3"
    assert ("42" if sys.version_info >= (3, 12) else older) in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "error: use `python -m deploy_runtime.one_off manage COMMAND`"),
        (["manage"], "error: use `python -m deploy_runtime.one_off manage COMMAND`"),
        (["dance"], "error: use `python -m deploy_runtime.one_off manage COMMAND`"),
        (["manage", "no_such_command"], "Unknown command: 'no_such_command'"),
    ],
)
def test_a_mistake_is_named(project: Project, words: list[str], says: str) -> None:
    assert says in project.fails("one_off", *words)


def test_a_project_that_cannot_be_loaded_runs_nothing(project: Project) -> None:
    project.write("shop/models.py", "import surely_not_there\n")
    assert "error: the project can't be loaded." in project.fails("one_off", "manage", "check")
    assert records(project) == []
