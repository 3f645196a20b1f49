"""What is wrong with a project is found while its image is built, before anything is touched."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration import unseen
from tests.integration.conftest import MakeSite
from tests.integration.harness import Site

SETTINGS = "backend/config/settings/production.py"
GOOD: dict[str, Any] = {
    "dockerfile": "",
    "environment": {"DEPOT_NAME": "Pier 7"},
    "seedSteps": ["stock_shelves", "greet_staff"],
    "wsgi": "",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unseen.copy_of_depot(tmp_path_factory.mktemp("broken") / "project")


@pytest.fixture(scope="module")
def site(make_site: MakeSite, project: Path) -> Site:
    made = make_site("broken")
    made.configure(
        appPath=project,
        settingsModule="config.settings.production",
        healthPath="/-/health",
        **GOOD,
    )
    return made


@pytest.fixture(autouse=True)
def mended(site: Site, project: Path) -> Iterator[None]:
    """Each test starts from a project and a config that work."""
    config = site.folder / "stacks/Pulumi.clean-server.yaml"
    before = config.read_text()
    files = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    yield
    config.write_text(before)
    for path, content in files.items():
        path.write_bytes(content)


def append(file: str, text: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        with (project / file).open("a") as stream:
            stream.write(f"\n{text}\n")

    return change


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda project: unseen.edit(project / file, old, new)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            append(SETTINGS, "raise RuntimeError('the crane has no licence')"),
            [
                "the settings config.settings.production can't be loaded",
                "RuntimeError: the crane has no licence",
                f"/app/{SETTINGS}",
            ],
            id="settings that raise",
            marks=pytest.mark.essential("broken project"),
        ),
        pytest.param(
            append(SETTINGS, "open(BACKEND / 'crane.log', 'a')"),
            ["PermissionError", "crane.log can't be written or read in the container"],
            id="a file that the site may not write",
        ),
        pytest.param(
            append(SETTINGS, "import os\nCRANE = os.environ['CRANE']"),
            [
                "needs the environment variable CRANE",
                "`pulumi config set --path environment.CRANE VALUE -s STACK`",
            ],
            id="a variable that is not set",
        ),
        pytest.param(
            append("frontend/build/css/depot.css", "p { background: url('lost-crate.svg') }"),
            ["collectstatic failed", "lost-crate.svg", "depot.css"],
            id="a static file that is missing",
        ),
        pytest.param(
            append("backend/config/wsgi.py", "import longshore"),
            ["the WSGI application can't be loaded", "add what installs 'longshore'"],
            id="an application that can't be imported",
        ),
        pytest.param(
            replace("pyproject.toml", '"django>=5.2,<5.3"', '"django", "depot-no-such-thing==7"'),
            ["depot-no-such-thing", "not found in the package registry"],
            id="a requirement that nobody published",
        ),
        pytest.param(
            replace("pyproject.toml", '"django>=5.2,<5.3"', '"sqlparse"'),
            ["requirements do not install Django", "appPath"],
            id="requirements without Django",
        ),
    ],
)
def test_a_broken_project(
    site: Site, project: Path, change: Callable[[Path], None], says: list[str]
) -> None:
    change(project)
    output = unseen.refused(site)
    for words in says:
        assert words in output, output


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            {"seedSteps": ["stock_shelve", "greet_staff --loudly"]},
            [
                "'stock_shelve' is no management command",
                "did you mean stock_shelves",
                "greet_staff --loudly",
                "unrecognized arguments: --loudly",
            ],
            id="seed steps that can't run",
        ),
        pytest.param(
            {"dockerfile": "docker/misspelt.Dockerfile"},
            ["unknown instruction: FORM"],
            id="a Dockerfile that can't be read",
        ),
        pytest.param(
            {"dockerfile": "docker/bare.Dockerfile"},
            ["can't import Django", "No module named 'django'", "first python on PATH"],
            id="a Dockerfile that installs nothing",
        ),
    ],
)
def test_broken_config(site: Site, project: Path, config: dict[str, Any], says: list[str]) -> None:
    (project / "docker/misspelt.Dockerfile").write_text("FORM base\n")
    (project / "docker/bare.Dockerfile").write_text(f"FROM {unseen.base_image()}\nCOPY . /site\n")
    site.configure(**config)
    output = unseen.refused(site)
    for words in says:
        assert words in output, output
