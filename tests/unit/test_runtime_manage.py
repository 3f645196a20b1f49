"""What the start-up command and the others run enters itself into the ledger."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime import ledger
from tests.unit.runtime_project import Project


def records(project: Project) -> list[dict[str, Any]]:
    file = Path(project.environ["DEPLOY_LEDGER"])
    return ledger.parse(file.read_bytes())[0] if file.exists() else []


def told(project: Project) -> list[tuple[str, str, int, str]]:
    return [
        (r["operation"], r["point"], r["boots"], r["result"]["outcome"]) for r in records(project)
    ]


def test_a_start_migrates_and_records_what_was_applied(project: Project) -> None:
    first = project.succeeds("manage", "migrate", "--run-syncdb")
    assert "migrate … applied 1 migration" in first.stdout
    project.succeeds("manage", "migrate", "--noinput")
    assert told(project) == [("migrate", "startup", 1, "done")] * 2
    results = [record["result"] for record in records(project)]
    assert [result["applied"] for result in results] == [1, 0]
    assert results[0]["migrations"] == ["shop.0001_initial"]


def test_the_record_holds_the_start_of_django_and_is_printed(project: Project) -> None:
    printed = project.module("manage", "migrate").stdout
    (record,) = records(project)
    assert 0 < record["boot_seconds"] < record["seconds"]
    (line,) = [line for line in printed.splitlines() if line.startswith("ledger ")]
    assert json.loads(line.removeprefix("ledger "))["id"] == record["id"]


def test_a_start_that_collects_records_how_many_files(project: Project) -> None:
    done = project.succeeds("manage", "collectstatic")
    assert "collectstatic … 1 file, 1 copied" in done.stdout
    assert told(project) == [("collectstatic", "startup", 1, "done")]
    assert records(project)[0]["result"] | {"post_processed": 0} == {
        **{"files": 1, "copied": 1, "post_processed": 0, "outcome": "done"}
    }


def test_a_project_without_static_files_has_nothing_to_collect(project: Project) -> None:
    settings = project.folder / "site_/settings.py"
    settings.write_text(settings.read_text().replace('"django.contrib.staticfiles", ', ""))
    project.succeeds("manage", "collectstatic")
    assert told(project) == [("collectstatic", "startup", 1, "nothing to collect")]


def test_a_migration_that_fails_is_recorded_with_what_was_committed_before(
    project: Project,
) -> None:
    project.write(
        "shop/migrations/0002_trouble.py",
        "from django.db import migrations\n\n\ndef fail(apps, editor):\n"
        "    raise RuntimeError('the well is dry')\n\n\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('shop', '0001_initial')]\n"
        "    operations = [migrations.RunPython(fail)]\n",
    )
    said = project.fails("manage", "migrate")
    assert "the well is dry" in said
    assert "Migrations committed before it: shop.0001_initial" in said
    assert records(project)[0]["result"] == {
        **{"applied": 1, "migrations": ["shop.0001_initial"], "outcome": "failed"}
    }


def test_a_ledger_that_cannot_be_written_stops_no_start(project: Project) -> None:
    done = project.succeeds("manage", "migrate", DEPLOY_LEDGER="/nowhere/ledger.jsonl")
    assert "warning: ledger: migrate is not recorded in /nowhere/ledger.jsonl" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "error: use `python -m deploy_runtime.manage migrate [FLAGS]`"),
        (["flush"], "error: use `python -m deploy_runtime.manage migrate [FLAGS]`"),
        (["collectstatic", "--clear"], "error: collectstatic takes no flags here: --clear"),
        (["migrate", "--nonsense"], "--nonsense"),
    ],
)
def test_a_mistake_is_named(project: Project, words: list[str], says: str) -> None:
    said = project.fails("manage", *words)
    assert says in said


def test_a_project_that_cannot_be_loaded_runs_nothing(project: Project) -> None:
    project.write("shop/models.py", "import surely_not_there\n")
    said = project.fails("manage", "migrate")
    assert "error: the project can't be loaded." in said
    assert records(project) == []


def seed(project: Project, *steps: str, **environ: str) -> Any:
    done = project.module("seed", DEPLOY_SEED_STEPS=json.dumps(steps), **environ)
    return json.loads(done.stdout)


def test_the_job_records_each_of_its_operations_and_one_start_of_django(project: Project) -> None:
    project.command("greet", "return 'created 1 thing'")
    project.command("count", "return 'unchanged'")
    report = seed(project, "greet", "count", "count", DEPLOY_COLLECT="yes")
    assert told(project) == [
        ("migrate", "job", 1, "done"),
        ("collectstatic", "job", 0, "done"),
        ("seed", "job", 0, "done"),
    ]
    assert report["records"] == [record["id"] for record in records(project)]
    migrated, collected, seeded = (record["result"] for record in records(project))
    assert migrated["applied"] == 1
    assert collected["files"] == 1
    assert seeded == {
        **{"steps": ["greet created", "count unchanged", "count unchanged"]},
        **{"created": 1, "unchanged": 2, "outcome": "done"},
    }


def test_a_step_that_fails_is_in_the_record(project: Project) -> None:
    project.command("greet", "return 'created 1 thing'")
    project.command("stumble", "raise SystemExit(17)")
    report = seed(project, "greet", "stumble", "greet")
    assert told(project)[-1] == ("seed", "job", 0, "failed")
    assert records(project)[-1]["result"]["steps"] == ["greet created", "stumble failed"]
    assert len(report["records"]) == 2


@pytest.mark.parametrize(
    ("collect", "found"),
    [("yes", [("collectstatic", "build", 1, "done")]), ("no", [])],
)
def test_the_build_records_what_it_collected(
    project: Project, collect: str, found: list[object]
) -> None:
    project.write("shop/templates/home.html", "nothing")
    project.succeeds("build", DEPLOY_COLLECT=collect)
    assert told(project) == found


def test_a_build_without_static_files_says_so(project: Project) -> None:
    settings = project.folder / "site_/settings.py"
    settings.write_text(settings.read_text().replace('"django.contrib.staticfiles", ', ""))
    project.write("shop/templates/home.html", "nothing")
    project.succeeds("build")
    assert told(project) == [("collectstatic", "build", 1, "nothing to collect")]
