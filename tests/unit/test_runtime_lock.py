"""One migrator at a time; the others wait, not for ever, and find nothing to do."""

import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import Project

SLOW = """
import os
import time

from django.db import migrations


def wait(apps, editor):
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.02)


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(wait)]
"""


@pytest.fixture
def project(project: Project, tmp_path: Path) -> Project:
    """A project with a migration that takes until the file GO is there."""
    project.write("shop/migrations/0002_slow.py", SLOW)
    project.environ["GO"] = str(tmp_path / "go")
    return project


def go(project: Project) -> None:
    Path(project.environ["GO"]).touch()


def start(project: Project, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "deploy_runtime.manage", "migrate"],
        cwd=project.folder,
        env=project.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[0]


def holder(project: Project) -> str:
    """Who holds the lock, once somebody does."""
    file = Path(f"{runtime_project.database(project)}.migrate-lock")
    deadline = time.monotonic() + 30
    while not file.exists() or not file.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return file.read_text()


def test_three_at_once_apply_each_migration_once(project: Project) -> None:
    processes = [start(project) for _ in range(3)]
    holder(project)
    go(project)
    texts = [said(process) for process in processes]
    assert sum("applied 2 migrations" in text for text in texts) == 1
    assert sum("nothing to apply" in text for text in texts) == 2


def test_those_who_wait_say_for_whom(project: Project) -> None:
    first = start(project, RELEASE="abcdef0123")
    name = holder(project)
    assert name.endswith(" release abcdef01")
    second = start(project)
    assert second.stdout
    line = second.stdout.readline()
    assert line == f"migrate … waiting for {name}, which migrates this database\n"
    time.sleep(0.5)
    go(project)
    assert "s of them waiting" in said(second)
    assert "applied 2 migrations" in said(first)


def test_a_holder_that_is_killed_frees_it(project: Project) -> None:
    first = start(project)
    holder(project)
    first.kill()
    first.wait()
    go(project)
    text = said(start(project))
    assert "migrate … applied" in text
    assert "waiting" not in text


def test_waiting_has_an_end(project: Project) -> None:
    first = start(project)
    name = holder(project)
    waited = start(project, DEPLOY_MIGRATE_TIMEOUT="0")
    text = said(waited)
    assert waited.returncode == 1
    assert f"migrate has waited 0 s for {name}" in text
    assert "(migrations.timeout)" in text
    assert "Nothing was migrated here" in text
    assert "Traceback" not in text
    go(project)
    said(first)


def test_a_timeout_that_is_no_number_is_named(project: Project) -> None:
    text = said(start(project, DEPLOY_MIGRATE_TIMEOUT="soon"))
    assert "DEPLOY_MIGRATE_TIMEOUT is 'soon': use a number of seconds" in text


def test_another_kind_of_database_is_locked_beside_the_ledger(project: Project) -> None:
    project.write(
        "site_/engine/base.py",
        "from django.db.backends.sqlite3 import base\n"
        "class DatabaseWrapper(base.DatabaseWrapper):\n    vendor = 'elsewhere'\n",
    )
    name = str(runtime_project.database(project))
    engine = {"ENGINE": "site_.engine", "NAME": name}
    project.configure(f"DATABASES = {{'default': {engine}}}")
    go(project)
    assert "applied 2" in said(start(project, DATABASE_URL=""))
    assert Path(project.environ["DEPLOY_LEDGER"]).with_name("migrate-lock").exists()


def test_a_place_that_cannot_be_written_is_named(project: Project) -> None:
    code = """
from pathlib import Path
from typing import ClassVar
from deploy_runtime import lock
from deploy_runtime.errors import DeployError
try:
    with lock._file(Path("/nonexistent/lock")):
        pass
except DeployError as error:
    result = str(error)
"""
    assert "/nonexistent/lock, can't be written" in project.value(code)


class MySql:
    """Stands in for a connection to a MySQL server, and for its cursor."""

    settings_dict: ClassVar[dict[str, str]] = {"NAME": "shop"}

    def __init__(self, *answers: object) -> None:
        self.answers, self.closed = list(answers), False
        self.asked: list[tuple[str, list[str]]] = []

    def copy(self) -> "MySql":
        return self

    def cursor(self) -> "MySql":
        return self

    def __enter__(self) -> "MySql":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, words: list[str]) -> None:
        self.asked.append((statement, words))

    def fetchone(self) -> tuple[object]:
        return (self.answers.pop(0),)

    def close(self) -> None:
        self.closed = True


def test_on_a_mysql_server_the_lock_is_the_databases_own_and_ends_with_its_connection() -> None:
    from deploy_runtime import lock

    server = MySql(0, 42, 1)
    with lock._in_mysql(server) as (try_lock, holder):
        assert not try_lock()
        assert holder() == "connection 42 of the server"
        assert try_lock()
        assert not server.closed
    assert server.closed
    name = ["django-on-docker migrate shop"]
    assert server.asked[0] == ("SELECT GET_LOCK(%s, 0)", name)
    assert server.asked[1] == ("SELECT IS_USED_LOCK(%s)", name)
