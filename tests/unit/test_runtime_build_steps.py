"""Build steps: management commands or shell commands, all looked at before the first one runs."""

import json
from pathlib import Path

import pytest

from tests.unit.runtime_project import SETTINGS, Project


@pytest.fixture
def project(project: Project, tmp_path: Path) -> Project:
    (tmp_path / "root").mkdir()
    project.environ["DEPLOY_ROOT"] = str(tmp_path / "root")
    return project


def run(project: Project, *steps: str, **environ: str) -> tuple[int, str, str]:
    done = project.module("build_steps", DEPLOY_BUILD_STEPS=json.dumps(steps), **environ)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_they_run_in_order_as_commands_of_the_project_or_of_a_shell(project: Project) -> None:
    project.command("brand", "from pathlib import Path", "print(Path('../root/a').read_text())")
    code, out, err = run(project, "echo of-a-shell > a && pwd", "brand", "A=1; test $A = 1")
    assert code == 0, err
    assert out.index("[1/3] echo") < out.index("of-a-shell\n  \n[3/3]")
    assert project.environ["DEPLOY_ROOT"] in out


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("npx-of-nobody build", "'npx-of-nobody' is neither a management command"),
        ("echo $(", "is no shell command"),
    ],
)
def test_what_can_not_run_is_found_before_anything_runs(
    project: Project, step: str, said: str
) -> None:
    code, out, err = run(project, "echo first", step, "nobody-has-this", APT_NEXT="1 2")
    assert code == 1
    assert "first" not in out
    assert said in err
    assert "'image.buildAptPackages[2]' nobody-has-this" in err


def test_what_else_is_wrong_with_the_project_is_said_at_once(project: Project) -> None:
    project.configure("STATICFILES_DIRS = 'a string'")
    code, _, err = run(project, "nobody-has-this", DEPLOY_SEED_STEPS='["sed"]')
    assert code == 1
    for said in ("(staticfiles.E001)", "'sed' is no management command", "nobody-has-this"):
        assert said in err


def test_translations_need_gettext(project: Project) -> None:
    code, _, err = run(project, "compilemessages", PATH="/nonexistent")
    assert code == 1
    assert "needs gettext: `pulumi config set --path 'image.buildAptPackages[0]' gettext`" in err


def test_the_first_that_fails_ends_it_with_its_last_lines(project: Project) -> None:
    steps = ("sh -c 'echo no wool; exit 3'", "echo never")
    code, out, err = run(project, *steps)
    assert code == 1
    assert "never" not in out
    assert "error: the build step \"sh -c 'echo no wool; exit 3'\" failed with exit code 3" in err
    assert "  no wool" in err


def test_static_files_are_collected_before_they_are_compressed(project: Project) -> None:
    project.command("compress", "print('compressing')")
    project.write("compressor/__init__.py", "")
    assert "collectstatic" not in run(project, "compress")[1]
    settings = SETTINGS.replace('"shop"', '"shop", "compressor"')
    project.write("site_/settings.py", settings)
    code, out, err = run(project, "compress")
    assert code == 0, err
    assert out.index("[1/2] collectstatic --noinput") < out.index("[2/2] compress")
    assert "[2/2] compress" in run(project, "collectstatic --noinput", "compress")[1]
