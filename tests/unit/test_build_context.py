"""A release is named after everything that goes into it, and after nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from components import checkout
from components.errors import UserError
from components.image.build_context import Release, prepare_release
from components.image.project import find_project


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project; contexts are staged beside it."""
    app = tmp_path / "app"
    (app / "site").mkdir(parents=True)
    (app / "manage.py").write_text("#!/usr/bin/env python\n")
    (app / "site/settings.py").write_text("DEBUG = False\n")
    (app / "requirements.txt").write_text("django\n")
    monkeypatch.setattr(checkout, "FOLDER", tmp_path / "build")
    return app


def prepare(
    app: Path,
    *,
    base_image: str = "base",
    environment: Mapping[str, str] | None = None,
    dockerfile: str = "",
    **args: str,
) -> Release:
    return prepare_release(
        find_project(app, settings_module="site.settings"),
        deployment="shop",
        base_image=base_image,
        dockerfile=dockerfile,
        build_args=args,
        environment=environment or {},
    )


def test_what_is_staged_is_for_its_owner_alone(site: Path, build_folder: Path) -> None:
    (site / "private.pem").touch(mode=0o600)
    prepare(site)
    assert build_folder.stat().st_mode & 0o777 == 0o700


def test_nothing_changed_means_the_same_release(site: Path) -> None:
    first = prepare(site)
    for path in site.rglob("*"):
        os.utime(path, (1, 1))
    (site / "manage.py").chmod(0o600)
    assert prepare(site) == first
    assert first.image == f"shop:{first.tag}"


@pytest.mark.parametrize(
    "change",
    [
        lambda app: (app / "site/settings.py").write_text("DEBUG = True\n"),
        lambda app: (app / "site/new.py").touch(),
        lambda app: (
            (app / "site/settings.py").rename(app / "site/settings.py.bak")
            and (app / "site/settings.py").write_text("DEBUG = False\n")
        ),
        lambda app: (app / "manage.py").chmod(0o755),
        lambda app: (app / "requirements.txt").write_text("django<6\n"),
        lambda app: (app / "link").symlink_to("manage.py"),
    ],
)
def test_a_change_of_the_project_is_another_release(site: Path, change: object) -> None:
    first = prepare(site)
    assert callable(change)
    change(site)
    assert prepare(site).tag != first.tag


def test_a_change_of_the_inputs_is_another_release(site: Path) -> None:
    tags = {
        prepare(site).tag,
        prepare(site, base_image="other").tag,
        prepare(site, environment={"LANG": "de"}).tag,
        prepare(site, WSGI="site.wsgi:application").tag,
    }
    assert len(tags) == 4


@pytest.mark.parametrize(
    "name", ["db.sqlite3", ".env", "site/__pycache__/x.pyc", ".git/HEAD", "node_modules/a/b.js"]
)
def test_what_no_image_wants_is_left_out(site: Path, name: str) -> None:
    first = prepare(site)
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text("x")
    assert prepare(site).tag == first.tag


def test_what_dockerignore_excludes_is_left_out(site: Path) -> None:
    (site / ".dockerignore").write_text("# notes\n*.md\n!README.md\n")
    first = prepare(site)
    (site / "notes.md").write_text("x")
    assert prepare(site).tag == first.tag
    (site / "README.md").write_text("x")
    assert prepare(site).tag != first.tag


@pytest.mark.parametrize("ignoring", ["", "*.md\n!deploy\n"])
def test_the_pulumi_program_in_a_project_is_no_part_of_it(
    ignoring: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / ".dockerignore").write_text(ignoring)
    (site / "deploy/.build/shop").mkdir(parents=True)
    outside = prepare(site).tag
    monkeypatch.chdir(site / "deploy")
    first = prepare(site)
    (site / "deploy/Pulumi.shop.yaml").write_text("config:\n  app.secretKey: secure\n")
    (site / "deploy/.build/shop/staged").touch()
    assert prepare(site).tag == first.tag
    assert not (Path(first.context) / "app/deploy").exists()
    monkeypatch.chdir(site.parent)
    assert prepare(site).tag != outside, "elsewhere it is a folder like another"


def test_a_pulumi_program_may_be_in_the_projects_own_folder(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    first = prepare(site)
    (site / "Pulumi.shop.yaml").touch()
    (site / ".build").mkdir()
    (site / ".build/staged").touch()
    assert prepare(site).tag == first.tag
    (site / "site/new.py").touch()
    assert prepare(site).tag != first.tag


def test_git_takes_nothing_of_what_is_staged(site: Path, build_folder: Path) -> None:
    prepare(site)
    assert (build_folder / ".gitignore").read_text() == "*\n"


def test_the_context_holds_project_dependencies_and_runtime(site: Path) -> None:
    context = Path(prepare(site).context)
    assert (context / "app/manage.py").is_file()
    assert (context / "dependencies/requirements.txt").is_file()
    assert (context / "deploy/deploy_runtime/seed.py").is_file()
    assert [p.name for p in (context / "dependencies").iterdir()] == ["requirements.txt"]


def test_the_dockerfile_pulls_no_frontend(site: Path) -> None:
    text = (Path(prepare(site).context) / "Dockerfile").read_text()
    assert "syntax=" not in text
    assert text.index("COPY dependencies/") < text.index("COPY app/")


def test_the_projects_own_dockerfile_gets_the_release_stage(site: Path) -> None:
    (site / "Dockerfile").write_text("FROM base\n")
    release = prepare(site, dockerfile="Dockerfile")
    text = (Path(release.context) / "Dockerfile").read_text()
    assert release.app_image == f"shop:{release.tag}-app"
    assert release.build_args["APP_IMAGE"] == release.app_image
    assert "FROM ${APP_IMAGE} AS app" in text
    assert (Path(release.context) / "app/Dockerfile").read_text() == "FROM base\n"


def test_the_projects_own_dockerfile_needs_no_requirements(site: Path) -> None:
    (site / "requirements.txt").unlink()
    (site / "Dockerfile").write_text("FROM base\n")
    assert prepare(site, dockerfile="Dockerfile")
    with pytest.raises(UserError, match=r"no requirements.txt or pyproject.toml"):
        prepare(site)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM base\nRUN python manage.py collectstatic --noinput || true\n", 2),
        ("FROM base\n# no collectstatic here\n", 0),
    ],
)
def test_a_dockerfile_that_collects_itself_is_noticed(site: Path, text: str, line: int) -> None:
    (site / "Dockerfile").write_text(text)
    assert prepare(site, dockerfile="Dockerfile").collects_in_line == line
    assert prepare(site).collects_in_line == 0


def test_a_dockerfile_that_is_not_there(site: Path) -> None:
    with pytest.raises(UserError, match="dockerfile is 'docker/Dockerfile': there is no such file"):
        prepare(site, dockerfile="docker/Dockerfile")


def test_old_contexts_are_removed(site: Path) -> None:
    contexts = []
    for number in range(8):
        (site / "site/settings.py").write_text(f"NUMBER = {number}\n")
        contexts.append(Path(prepare(site).context))
    assert [c.is_dir() for c in contexts] == [False] * 3 + [True] * 5


def test_values_are_quoted_for_the_build(site: Path) -> None:
    context = Path(prepare(site, environment={"TITLE": "it's $HOME"}).context)
    assert (context / "scripts/build.env").read_text() == "TITLE='it'\"'\"'s $HOME'\n"
