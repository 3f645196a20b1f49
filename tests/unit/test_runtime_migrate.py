"""migrate tells what it applied, and what was committed before it failed."""

import json
import sqlite3

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import Project

BROKEN = """
from django.db import migrations


def fail(apps, schema_editor):
    raise ValueError("no such price")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(fail)]
"""


def test_what_was_applied_is_named_and_a_second_time_nothing_is(project: Project) -> None:
    code = """
from dataclasses import asdict
from deploy_runtime.migrate import run_migrate
result = [asdict(run_migrate()), asdict(run_migrate(["--database=default"]))]
"""
    first, second = project.value(code)
    assert (first["applied"], first["migrations"]) == (1, ["shop.0001_initial"])
    assert first["seconds"] > 0
    assert (second["applied"], second["migrations"]) == (0, [])


def test_the_command_says_so_in_a_line(project: Project) -> None:
    assert "migrate … applied 1 migration (" in project.module("manage", "migrate").stdout
    assert (
        "migrate … nothing to apply (" in project.module("manage", "migrate", "--run-syncdb").stdout
    )


def test_a_failed_migration_names_those_that_were_committed_before(project: Project) -> None:
    project.write("shop/migrations/0002_prices.py", BROKEN)
    said = project.fails("manage", "migrate")
    assert "ValueError: no such price" in said
    assert "0002_prices.py:6" in said
    assert "Migrations committed before it: shop.0001_initial" in said


def test_flags_that_migrate_does_not_know_are_an_error(project: Project) -> None:
    said = project.fails("manage", "migrate", "--run-sincdb")
    assert "--run-sincdb" in said


def test_a_missing_folder_of_the_database_is_named(project: Project) -> None:
    done = project.module("manage", "migrate", DATABASE_URL="sqlite:////nonexistent/db.sqlite3")
    assert "the SQLite database, /nonexistent, does not exist" in done.stderr


def test_a_folder_that_is_not_writable_is_named_with_its_owner(project: Project) -> None:
    code = """
import os
from deploy_runtime import database
from deploy_runtime.errors import DeployError
os.access = lambda path, mode: False
try:
    database.wait()
except DeployError as error:
    result = str(error)
"""
    text = project.value(code)
    assert str(runtime_project.database(project).parent) in text
    assert "belongs to uid" in text
    assert "chown -R" in text


def test_a_server_that_does_not_answer_is_waited_for_but_not_for_ever(project: Project) -> None:
    # No server of any kind is needed: a wrapper of SQLite's engine that refuses at first.
    project.write(
        "site_/engine/base.py",
        """
from pathlib import Path
from django.db import OperationalError
from django.db.backends.sqlite3 import base

class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "elsewhere"
    refusals = 2
    def ensure_connection(self):
        DatabaseWrapper.refusals -= 1
        if DatabaseWrapper.refusals >= 0:
            raise OperationalError("connection refused")
        super().ensure_connection()
""",
    )
    engine = {"ENGINE": "site_.engine", "NAME": ":memory:", "HOST": "db", "PASSWORD": "hunter2"}
    settings = f"{runtime_project.SETTINGS}DATABASES = {{'default': {engine}}}"
    project.write("site_/settings.py", settings)
    code = "from deploy_runtime import database\nresult = database.wait()"
    assert project.value(code, DATABASE_URL="") >= 1.0
    said = project.fails("manage", "migrate", DATABASE_URL="", DEPLOY_DATABASE_TIMEOUT="0")
    assert ":memory: on db:default port does not answer after 0 s: connection refused" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_a_timeout_that_is_no_number_is_named(text: str) -> None:
    from deploy_runtime import database
    from deploy_runtime.errors import DeployError

    with pytest.raises(DeployError, match="DEPLOY_DATABASE_TIMEOUT is"):
        database.timeout({"DEPLOY_DATABASE_TIMEOUT": text})


def test_sqlite_is_in_the_mode_in_which_readers_do_not_wait(project: Project) -> None:
    project.module("manage", "migrate")
    with sqlite3.connect(runtime_project.database(project)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_result_is_plain_data() -> None:
    from deploy_runtime.migrate import Migrated

    done = Migrated(applied=1, migrations=("a.0001",), seconds=0.5)
    assert json.loads(json.dumps(done.as_data())) == {
        "applied": 1,
        "migrations": ["a.0001"],
        "seconds": 0.5,
        "waited": 0.0,
    }
