"""The program as an installed package: under its own name, beside nothing of a checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components import own_commands

ROOT = Path(__file__).parents[2]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder that modules import from, laid out as the wheel lays it out."""
    folder = tmp_path / "site-packages"
    package = folder / "django_on_docker"
    package.mkdir(parents=True)
    for entry in (ROOT / "components").iterdir():
        (package / entry.name).symlink_to(entry)
    (package / "toolchain").symlink_to(ROOT / "toolchain")
    (folder / "deploy_runtime").symlink_to(ROOT / "deploy_runtime")
    return folder


def run(packages: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed program, in a folder."""
    env = {**os.environ, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def said(packages: Path, expression: str, *, cwd: Path) -> str:
    """What an expression about the program's own places is."""
    names = "from django_on_docker import own_commands; from django_on_docker.toolchain import"
    code = f"{names} engines, paths, stack, wording; print({expression})"
    done = run(packages, "-c", code, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A Django project's folder, with a Pulumi project in it."""
    folder = tmp_path / "shop"
    (folder / "deploy/stacks").mkdir(parents=True)
    (folder / "deploy/Pulumi.yaml").write_text("name: pier-7\nstackConfigDir: stacks\n")
    (folder / "deploy/stacks/Pulumi.live.yaml").write_text("config:\n  pier-7:deployment: p7\n")
    return folder


def test_the_project_is_the_one_that_one_stands_in(packages: Path, shop: Path) -> None:
    for folder in (shop, shop / "deploy"):
        told = said(packages, "paths.ROOT, paths.STACKS, paths.PROJECT", cwd=folder)
        root = shop / "deploy"
        assert told == f"{root} {root / 'stacks'} pier-7"
    assert said(packages, "stack.only_one()", cwd=shop) == "live"


def test_the_deployment_is_read_from_its_stacks(packages: Path, shop: Path) -> None:
    told = said(packages, "stack.config_value('live', 'deployment')", cwd=shop)
    assert told == "p7"


def test_which_stack_is_meant_is_asked_where_there_are_several(packages: Path, shop: Path) -> None:
    (shop / "deploy/stacks/Pulumi.staging.yaml").write_text("")
    done = run(packages, "-m", "django_on_docker", "preview", cwd=shop)
    assert done.returncode == 1
    assert done.stderr.startswith("error: there are several stacks: live, staging")
    assert "--stack NAME" in done.stderr


def test_a_python_that_is_too_old_is_told_before_anything_is_read(
    packages: Path, shop: Path
) -> None:
    before = sorted(shop.rglob("*"))
    code = (
        "import runpy, sys; sys.version_info = (3, 10, 13, 'final', 0); "
        "sys.argv = ['django_on_docker', 'init']; "
        "runpy.run_module('django_on_docker', run_name='__main__', alter_sys=False)"
    )
    done = run(packages, "-c", code, cwd=shop)
    assert done.returncode == 1
    assert done.stderr.startswith("error: this needs Python 3.11 or newer")
    assert "Traceback" not in done.stderr
    assert sorted(shop.rglob("*")) == before


def test_outside_of_a_project_init_is_named(packages: Path, tmp_path: Path) -> None:
    done = run(packages, "-m", "django_on_docker", "up", cwd=tmp_path)
    assert done.returncode == 1
    assert "there is no stack" in done.stderr
    assert "python -m django_on_docker init" in done.stderr


def test_commands_are_spelled_as_they_are_typed(packages: Path, tmp_path: Path) -> None:
    told = said(packages, "own_commands.typed('restore', 'shop', backup='7')", cwd=tmp_path)
    assert told == "python -m django_on_docker restore --stack shop --backup 7"
    told = said(packages, "own_commands.run_module('recover', 'shop')", cwd=tmp_path)
    assert told == "python3 -m django_on_docker.recover shop"
    assert said(packages, "wording.typed('env')", cwd=tmp_path) == (
        "python -m django_on_docker prepare"
    )
    told = said(packages, "own_commands.manage('check')", cwd=tmp_path)
    assert told == "python -m django_on_docker manage -- check"
    assert own_commands.manage("check") == 'make manage CMD="check"'
    assert own_commands.typed("restore", "shop", backup="7") == "make restore STACK=shop BACKUP=7"
    assert own_commands.run_module("recover", "shop") == "python3 -m components.recover shop"


def test_it_offers_what_concerns_sites_alone(packages: Path, tmp_path: Path) -> None:
    installed = run(packages, "-m", "django_on_docker", "--help", cwd=tmp_path).stdout
    here = run(packages, "-m", "toolchain", "--help", cwd=ROOT).stdout
    for command in (
        "up",
        "preview",
        "destroy",
        "ledger",
        "restore",
        "recover",
        "status",
        "images",
        "doctor",
        "env",
    ):
        assert f"    {command} " in installed
        assert f"    {command} " in here
    assert "    init " in installed
    assert "    init " not in here
    for command in ("check", "config", "test-unit", "package"):
        assert f"    {command} " not in installed
        assert f"    {command} " in here


def test_plugins_are_those_of_the_sdks_that_are_installed(packages: Path, tmp_path: Path) -> None:
    told = said(packages, "engines.plugin_versions()", cwd=tmp_path)
    assert told == "{'docker': '5.2.0', 'command': '1.2.1'}"


def test_init_is_a_command_of_it(packages: Path, tmp_path: Path) -> None:
    done = run(packages, "-m", "django_on_docker", "init", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no manage.py in")


@pytest.mark.parametrize("name", ["nothing", "another"])
def test_steps_that_would_not_find_the_program_are_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "another":
        (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "python3").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert own_commands.steps_find_it(), "a checkout is found from its own folder"
    monkeypatch.setattr(own_commands, "INSTALLED", True)
    assert not own_commands.steps_find_it()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{tmp_path}")
    assert own_commands.steps_find_it()
