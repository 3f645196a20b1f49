"""What each setting was, is, and why: without a secret, and without a change."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime import settings_report
from tests.unit.runtime_project import Project


def rows(project: Project, *words: str, **environ: str) -> dict[str, dict[str, Any]]:
    done = project.succeeds("one_off", "settings", "--json", *words, **environ)
    return {row["setting"]: row for row in json.loads(done.stdout)}


def test_what_was_supplied_and_why(project: Project) -> None:
    found = rows(project)
    assert (found["DEBUG"]["was"], found["DEBUG"]["is"]) == ("True", "False")
    assert found["DEBUG"]["why"] == ["False from the environment"]
    assert found["STATIC_ROOT"]["was"] == "(not set)"
    assert found["ALLOWED_HOSTS"]["is"] == "['shop.example']"
    assert found["DATABASES"]["was"] == "(not set)"
    assert "ROOT_URLCONF" not in found
    reasons = found["MIDDLEWARE"]["why"]
    assert len(reasons) > 1, "each that decided something about it"


def test_everything_on_request(project: Project) -> None:
    found = rows(project, "--all")
    assert found["ROOT_URLCONF"]["action"] == "own"
    assert found["ROOT_URLCONF"]["why"] == ["the project's own"]


def test_no_secret_is_shown(project: Project) -> None:
    project.configure(
        "SECRET_KEY = 'published-published'\n"
        "CACHES = {'default': {'LOCATION': 'redis://ada:hunter2-hunter2@cache:6379/0'}}\n"
        "STRIPE = {'api_key': 'sk-live-sk-live', 'mode': 'test'}\n"
    )
    Path(project.environ["DEPLOY_SECRETS_DIR"], "TEA").write_text("darjeeling-darjeeling")
    project.write("site_/more.py", "from .settings import *\nBREW = ['darjeeling-darjeeling']")
    said = project.succeeds(
        "one_off", "settings", "--all", DEPLOY_SETTINGS_MODULE="site_.more"
    ).stdout
    for secret in (
        "published-published",
        "from-the-deployment",
        "hunter2",
        "sk-live",
        "darjeeling",
    ):
        assert secret not in said
    assert "redis://ada:********@cache:6379/0" in said
    assert "'mode': 'test'" in said


def test_as_people_read_it(project: Project) -> None:
    said = project.succeeds("one_off", "settings").stdout
    assert "DEBUG (supplied)\n  was  True\n  is   False\n  why  False from the environment" in said


def test_a_long_value_is_cut() -> None:
    row = {"setting": "A", "action": "own", "was": "x\n" * 50, "is": "x\n" * 50, "why": ["y"]}
    said = settings_report.as_text([row])
    assert "… (38 lines more: --json has them)" in said
    assert "was" not in said, "it is what it was"


def test_an_object_that_cannot_be_looked_at() -> None:
    class Awkward:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert settings_report.shown("A", Awkward()).startswith("<Awkward: ")


def test_where_the_overlay_is_off_it_says_so(project: Project) -> None:
    said = project.succeeds("one_off", "settings", DEPLOY_OVERLAY="false").stdout
    assert said.startswith("app.overlay is false: the project's settings are left alone\n")
    assert "SECRET_KEY (attention)" in said
    assert "is   '********************'" in said


@pytest.mark.parametrize(
    ("words", "environ", "says"),
    [
        (["--every"], {}, "error: settings takes --all and --json, not --every"),
        ([], {"DEPLOY_SETTINGS_MODULE": "no.such"}, "error: the settings can't be loaded."),
    ],
)
def test_a_mistake_is_named(
    project: Project, words: list[str], environ: dict[str, str], says: str
) -> None:
    assert says in project.fails("one_off", "settings", *words, **environ)
