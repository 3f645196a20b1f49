"""What a release's migrate would do is told before it does it: pending, unsafe, ahead."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime.pending import ahead
from tests.unit import migration_zoo, runtime_project
from tests.unit.migration_zoo import SAFE, UNSAFE, WARNING
from tests.unit.runtime_project import Project


def report(project: Project, *flags: str, **environ: str) -> Any:
    done = project.succeeds("pending", *flags, **environ)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A database as it was before all kinds of migrations, which are pending."""
    project = migration_zoo.make(tmp_path_factory.mktemp("zoo"))
    project.succeeds("manage", "migrate")
    migration_zoo.add_pending(project)
    return project


@pytest.fixture(scope="module")
def found(zoo: Project) -> Any:
    """The report, with no linter at hand: the rules for operations decide."""
    return report(zoo, DEPLOY_LINT="/nonexistent")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [(name, verdict) for name, verdict, _ in migration_zoo.cases() if name != "raw_drop"],
)
def test_what_the_serving_version_can_live_with(found: Any, name: str, verdict: str) -> None:
    unsafe = migration_zoo.verdicts(found)[name] == UNSAFE
    assert unsafe is (verdict == UNSAFE)


def test_the_pending_ones_are_named_in_the_order_in_which_they_run(found: Any) -> None:
    names = [f"shop.{n:04}_{name}" for n, (name, _, _) in enumerate(migration_zoo.cases(), 3)]
    assert found["pending"] == names
    assert found["new"] is False
    assert found["engine"] == "sqlite"
    assert found["file"].endswith("/db.sqlite3")


def test_what_is_said_names_the_operation_and_the_reason(found: Any) -> None:
    (entry,) = [e for e in found["unsafe"] if e["migration"] == "shop.0003_remove_field"]
    assert entry == {
        "migration": "shop.0003_remove_field",
        "operation": "Remove field name from RemoveField",
        "why": "the column is dropped, and the serving version still reads and writes it",
    }


def test_code_and_raw_sql_are_warnings(found: Any) -> None:
    warned = {e["migration"]: e["why"] for e in found["warnings"] if "linter" not in e["operation"]}
    assert {name[10:] for name in warned} == {"run_python", "raw_drop", "raw_index"}


def test_a_linter_that_is_missing_is_a_warning_for_each(found: Any) -> None:
    missing = [e for e in found["warnings"] if e["operation"] == "django-migration-linter"]
    assert len(missing) == len(found["pending"])
    assert "ModuleNotFoundError" in missing[0]["why"]


LINTER = """
class Issue:
    def __init__(self, code):
        self.code, self.message, self.table, self.column = code, "DROPPING columns", "t", "c"


class Analyser:
    def __init__(self, _excluded):
        self.errors, self.warnings = [], []

    def analyse(self, sql):
        if any("DROP COLUMN" in line for line in sql):
            self.errors.append(Issue("DROP_COLUMN"))
        if any("RAISE" in line for line in sql):
            raise KeyError("no such thing")


class MigrationLinter:
    sql_analyser_class = Analyser

    def __init__(self, *, database, no_cache, no_output):
        assert no_cache and no_output

    def get_sql(self, app, name):
        from django.core.management import call_command
        import io
        return call_command("sqlmigrate", app, name, stdout=io.StringIO()).splitlines()

    def analyse_data_migration(self, migration):
        return [], [], [Issue("RUNPYTHON_REVERSIBLE")]
"""


def test_the_linter_decides_on_raw_sql_and_only_warns_where_the_rules_know(
    zoo: Project, tmp_path: Path
) -> None:
    (tmp_path / "django_migration_linter.py").write_text(LINTER)
    said = report(zoo, DEPLOY_LINT=str(tmp_path))
    verdicts = migration_zoo.verdicts(said)
    assert verdicts["raw_drop"] == UNSAFE
    assert verdicts["raw_index"] == WARNING
    assert verdicts["add_null"] == verdicts["create_model"] == SAFE
    # A remade table has nothing to do with what was changed; a style is nobody's concern here.
    assert "RUNPYTHON_REVERSIBLE" not in str(said)


def test_a_linter_that_fails_on_one_migration_judges_the_others(
    project: Project, tmp_path: Path
) -> None:
    project.module("manage", "migrate")
    head = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
    for number, sql in ((2, "SELECT 'RAISE'"), (3, "ALTER TABLE shop_thing DROP COLUMN name")):
        before = "0001_initial" if number == 2 else "0002_raw"
        body = f'    dependencies = [("shop", "{before}")]\n'
        text = f"{head}{body}    operations = [migrations.RunSQL({sql!r})]\n"
        project.write(f"shop/migrations/{number:04}_raw.py", text)
    lint = tmp_path / "lint"
    lint.mkdir()
    (lint / "django_migration_linter.py").write_text(LINTER)
    said = report(project, DEPLOY_LINT=str(lint))
    assert [e["migration"] for e in said["unsafe"]] == ["shop.0003_raw"]
    assert "KeyError" in str(said["warnings"])


def test_a_new_database_is_not_judged(tmp_path: Path) -> None:
    project = migration_zoo.make(tmp_path)
    migration_zoo.add_pending(project)
    said = report(project)
    assert said["new"] is True
    assert (said["unsafe"], said["warnings"], said["ahead"]) == ([], [], [])
    assert len(said["pending"]) == 2 + len(migration_zoo.cases())


def test_nothing_is_pending_afterwards_and_nothing_was_changed_before(project: Project) -> None:
    project.module("manage", "migrate")
    before = runtime_project.database(project).read_bytes()
    said = report(project, "--run-syncdb")
    assert said["pending"] == []
    assert runtime_project.database(project).read_bytes() == before


def test_two_migrations_that_follow_the_same_one_are_an_error(project: Project) -> None:
    project.module("manage", "migrate")
    head = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
    for name in ("0002_a", "0002_b"):
        text = f'{head}    dependencies = [("shop", "0001_initial")]\n'
        project.write(f"shop/migrations/{name}.py", text)
    said = project.fails("pending")
    assert "shop: 0002_a, 0002_b" in said
    assert "makemigrations --merge" in said


A1, A2, A3 = ("a", "1"), ("a", "2"), ("a", "3")


@pytest.mark.parametrize(
    ("applied", "apps", "known", "names"),
    [
        ([A1, A2], {"a"}, {A1, A2}, []),
        ([A1, A2, A3], {"a"}, {A1}, ["a.2", "a.3"]),
        # The order is that of the records, not of the names.
        ([A1, A3, A2], {"a"}, {A1, A2}, []),
        # Squashed into the third, and their files deleted.
        ([A1, A2, A3], {"a"}, {A3}, []),
        # Of an app that isn't installed any more, or has no migrations here.
        ([A1, A2], {"b"}, set(), []),
        ([A1], {"a"}, set(), ["a.1"]),
        ([("b", "9"), A1, A2], {"a", "b"}, {A1, ("b", "9")}, ["a.2"]),
    ],
)
def test_a_database_that_is_ahead(
    applied: list[tuple[str, str]], apps: set[str], known: set[tuple[str, str]], names: list[str]
) -> None:
    assert ahead(applied, apps, known) == names


def test_what_a_later_release_applied_is_named(project: Project) -> None:
    head = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
    later = project.write(
        "shop/migrations/0002_later.py", f'{head}    dependencies = [("shop", "0001_initial")]\n'
    )
    project.module("manage", "migrate")
    later.unlink()
    found = report(project)
    assert found["ahead"] == ["shop.0002_later"]
    assert "shop.0002_later" in found["applied"]
    assert "shop.0002_later" not in found["known"]
    assert {"shop.0001_initial"} <= {*found["applied"]} & {*found["known"]}


def test_which_migrations_a_database_has_is_told_without_a_change(zoo: Project) -> None:
    done = zoo.succeeds("applied")
    found = json.loads(done.stdout)
    assert "shop.0001_initial" in found
    assert "shop.0003_remove_field" not in found, "it is pending"


def test_a_database_that_cannot_be_asked_is_an_error(project: Project) -> None:
    url = "postgres://nobody@127.0.0.1:1/none"
    done = project.module("applied", DATABASE_URL=url, DEPLOY_DATABASE_TIMEOUT="1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error: " in done.stderr
