"""What is installed beside a project's own dependencies."""

import subprocess
import sys

import pytest

from deploy_runtime import supply
from tests.unit.runtime_project import ROOT


def lookup(**versions: str) -> supply.Installed:
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    return named.get


@pytest.mark.parametrize(
    ("versions", "lacks"),
    [
        ({}, [supply.GUNICORN, supply.WHITENOISE, supply.DJ_DATABASE_URL]),
        ({"gunicorn": "20.1"}, [supply.WHITENOISE, supply.DJ_DATABASE_URL]),
        ({"gunicorn": "1", "whitenoise": "1", "dj_database_url": "1"}, []),
    ],
)
def test_only_what_is_missing_is_supplied(versions: dict[str, str], lacks: list[str]) -> None:
    assert supply.lacking({}, lookup(**versions)) == lacks


@pytest.mark.parametrize(
    ("versions", "lacks"),
    [
        ({}, True),
        ({"psycopg": "3"}, False),
        ({"psycopg2": "2"}, False),
        ({"psycopg2_binary": "2"}, False),
    ],
)
def test_postgres_needs_one_of_its_drivers(versions: dict[str, str], lacks: bool) -> None:
    found = supply.lacking({"DEPLOY_DATABASE_ENGINE": "postgres"}, lookup(**versions), lambda: True)
    assert (supply.PSYCOPG in found) is lacks
    assert supply.PSYCOPG not in supply.lacking({}, lookup(**versions))


@pytest.mark.parametrize(
    ("versions", "library", "lacks"),
    [
        ({"psycopg": "3.2.1"}, False, ["psycopg-binary==3.2.1"]),
        ({"psycopg": "3.2.1"}, True, []),
        ({"psycopg": "3.2.1", "psycopg_c": "3.2.1"}, False, []),
        ({"psycopg": "3.2.1", "psycopg_binary": "3.2.1"}, False, []),
        ({"psycopg2": "2.9"}, False, []),
    ],
)
def test_psycopg_gets_the_library_that_it_is_written_for(
    versions: dict[str, str], library: bool, lacks: list[str]
) -> None:
    found = supply.lacking({}, lookup(**versions), lambda: library)
    assert [pin for pin in found if "psycopg" in pin] == lacks


def test_every_version_is_pinned() -> None:
    environ = {"DEPLOY_DATABASE_ENGINE": "postgres"}
    assert all("==" in pin for pin in (*supply.lacking(environ, lookup()), *supply.LINT))


def test_the_linter_is_named_on_demand_and_never_for_the_project(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert supply.main(["lint"]) == 0
    assert capsys.readouterr().out.split() == list(supply.LINT)
    assert not set(supply.LINT) & set(supply.lacking({}, lookup()))


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({}, "do not install Django"),
        ({"django": "3.2.25"}, "Django 3.2.25"),
        ({"django": "4.2"}, None),
        ({"django": "6.1rc1"}, None),
    ],
)
def test_a_project_without_a_fitting_django_is_refused(
    versions: dict[str, str], said: str | None
) -> None:
    found = supply.problem({}, lookup(**versions))
    assert found is None if said is None else said in str(found)


@pytest.mark.parametrize(
    ("versions", "refused"),
    [({}, True), ({"mysqlclient": "2"}, False), ({"pymysql": "1"}, False)],
)
def test_mysql_needs_a_driver_of_the_projects_own(versions: dict[str, str], refused: bool) -> None:
    found = supply.problem({"DEPLOY_DATABASE_ENGINE": "mysql"}, lookup(django="5", **versions))
    assert ("add mysqlclient" in str(found)) is refused


def test_it_runs_as_a_plain_file_with_no_package_around_it() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy_runtime" / "supply.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
