"""Finding the way around projects of different layouts, without importing them."""

import re
from pathlib import Path

import pytest

from components.errors import UserError
from components.image.project import export, find_project, unread_lock


def make(root: Path, *files: str, **texts: str) -> Path:
    """Write files, empty ones and those of the root that have a text, by name without suffix."""
    suffixes = {"requirements": ".txt", "pyproject": ".toml", "manage": ".py"}
    named = {f"{name}{suffixes[name]}": text for name, text in texts.items()}
    for name, text in {**dict.fromkeys(files, ""), **named}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "module", "python_path", "requirements"),
    [
        (["manage.py", "site/settings.py", "requirements.txt"], "site.settings", "", None),
        (["manage.py", "s/settings/__init__.py", "requirements.txt"], "s.settings", "", None),
        (["back/manage.py", "back/s/base.py", "requirements.txt"], "s.base", "back", None),
        (["src/s/settings.py", "requirements.txt"], "s.settings", "src", None),
        (
            ["a/b/manage.py", "a/b/s/settings.py", "a/b/requirements.txt"],
            "s.settings",
            "a/b",
            "a/b/requirements.txt",
        ),
        (
            ["manage.py", "s/settings.py", "requirements/production.txt"],
            "s.settings",
            "",
            "requirements/production.txt",
        ),
    ],
)
def test_layouts(
    tmp_path: Path, files: list[str], module: str, python_path: str, requirements: str | None
) -> None:
    project = find_project(make(tmp_path, *files), settings_module=module)
    assert project.python_path == python_path
    assert project.requirements == (requirements or "requirements.txt")


def test_pyproject_declares_dependencies(tmp_path: Path) -> None:
    declared = '[project]\nname = "x"\ndependencies = ["django"]\n'
    make(tmp_path, "manage.py", "s.py", "uv.lock", pyproject=declared)
    project = find_project(tmp_path, settings_module="s")
    assert project.dependency_files == ("pyproject.toml", "uv.lock")


def test_requirements_are_followed(tmp_path: Path) -> None:
    make(tmp_path, "manage.py", "s.py", "requirements/base.txt", "requirements/pins.txt")
    (tmp_path / "requirements/production.txt").write_text("-r base.txt\n-c pins.txt\ngunicorn\n")
    project = find_project(tmp_path, settings_module="s")
    assert set(project.dependency_files or ()) == {
        "requirements/production.txt",
        "requirements/base.txt",
        "requirements/pins.txt",
    }


@pytest.mark.parametrize(
    "line", ["-e .", "./libs/thing", "thing @ file:./libs", ".", "-f wheels", "--find-links=./w"]
)
def test_a_project_that_requires_its_own_folders_is_installed_whole(
    tmp_path: Path, line: str
) -> None:
    make(tmp_path, "manage.py", "s.py", requirements=f"django\n{line}\n")
    assert find_project(tmp_path, settings_module="s").dependency_files is None


@pytest.mark.parametrize(
    ("files", "module", "says"),
    [
        ([], "s.settings", "is app.path a Django project?"),
        (["README.md"], "s.settings", "there is no manage.py either"),
        (["manage.py", "s/settings.py"], "s.production", "manage.py names s.settings"),
    ],
)
def test_what_is_no_project_is_an_error(
    tmp_path: Path, files: list[str], module: str, says: str
) -> None:
    make(tmp_path, *files)
    if "manage.py" in files:
        make(tmp_path, manage='os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s.settings")')
    with pytest.raises(UserError) as error:
        find_project(tmp_path, settings_module=module)
    assert says in str(error.value)
    assert re.search(r"`pulumi config set --path (app.settings|app.path) \S+ -s ", str(error.value))


@pytest.mark.parametrize(
    "declared",
    [
        'dependencies = ["thing @ file:./libs/thing"]',
        'dependencies = ["thing"]\n[tool.uv.sources]\nthing = { path = "libs/thing" }',
        'dependencies = ["thing"]\n[tool.uv.sources]\nthing = [{ workspace = true }]',
        'dynamic = ["dependencies"]',
        'dependencies = []\n[tool.uv.workspace]\nmembers = ["libs/*"]',
    ],
)
def test_a_pyproject_that_requires_its_own_folders_is_installed_whole(
    tmp_path: Path, declared: str
) -> None:
    make(tmp_path, "manage.py", "s.py", pyproject=f'[project]\nname = "x"\n{declared}\n')
    assert find_project(tmp_path, settings_module="s").dependency_files is None


def test_a_member_of_a_workspace_is_installed_with_the_whole(tmp_path: Path) -> None:
    make(tmp_path, "web/manage.py", "web/s.py", "uv.lock")
    (tmp_path / "web/pyproject.toml").write_text('[project]\nname = "x"\ndependencies = []\n')
    found = find_project(tmp_path, settings_module="s")
    assert (found.requirements, found.dependency_files) == ("web/pyproject.toml", None)


POETRY = '[tool.poetry]\nname = "x"\n'
PROJECT = '[project]\nname = "x"\ndependencies = []\n'


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("Pipfile", "", "`pipenv requirements > requirements.txt`"),
        ("pyproject.toml", POETRY, "poetry export --format requirements.txt --output requ"),
        ("pdm.lock", "", "`pdm export --prod --format requirements --output requirements.txt`"),
        ("setup.py", "", "`uv pip compile setup.py"),
        ("web/Pipfile", "", "`cd web && pipenv requirements"),
        ("README", "", None),
    ],
)
def test_how_other_tools_export_what_they_lock(
    tmp_path: Path, file: str, text: str, says: str | None
) -> None:
    make(tmp_path, file)
    (tmp_path / file).write_text(text)
    ways = export(tmp_path, "web")
    assert says in ways[0] if says else not ways


def test_a_lock_that_is_not_read_is_said(tmp_path: Path) -> None:
    make(tmp_path, "s.py", "poetry.lock", pyproject=PROJECT + POETRY)
    found = find_project(tmp_path, settings_module="s")
    assert "poetry export" in unread_lock(found)[0]
    make(tmp_path, "uv.lock")
    assert unread_lock(found) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        find_project(tmp_path / "nowhere", settings_module="s")


def test_a_project_may_declare_no_dependencies(tmp_path: Path) -> None:
    make(tmp_path, "manage.py", "s.py", pyproject="[tool.ruff]\n")
    project = find_project(tmp_path, settings_module="s")
    assert (project.requirements, project.dependency_files) == ("", ())


@pytest.mark.parametrize("configured", ["nothing.txt", "sub/nothing.txt"])
def test_configured_requirements_have_to_exist(tmp_path: Path, configured: str) -> None:
    make(tmp_path, "s.py", "requirements.txt")
    with pytest.raises(UserError, match="requirements is"):
        find_project(tmp_path, settings_module="s", requirements=configured)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"requirements": "django\n-r lost.txt\n"}, "requirements.txt, line 2 includes 'lost.txt'"),
        ({"pyproject": "[project\n"}, "is no valid TOML"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, texts: dict[str, str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        find_project(make(tmp_path, "s.py", **texts), settings_module="s")
