"""What is wrong with a project is found while its image is built, before anything is touched."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker
import pytest

from tests.integration import unseen
from tests.integration.conftest import MakeSite
from tests.integration.harness import Run, Site
from tests.secret_leaks import leaks

SETTINGS = "backend/config/settings/production.py"
GOOD: dict[str, Any] = {
    "image.dockerfile": "",
    "env": {"DEPOT_NAME": "Pier 7"},
    "seed": ["stock_shelves", "greet_staff"],
    "app.wsgi": "",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unseen.copy_of_depot(tmp_path_factory.mktemp("broken") / "project")


@pytest.fixture(scope="module")
def site(make_site: MakeSite, project: Path) -> Site:
    made = make_site("broken")
    made.configure(
        app__path=project,
        app__settings="config.settings.production",
        processes__web__health="/-/health",
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
            append(SETTINGS, "import os, longshore\nA = os.environ['CRANE'], os.environ['TIDE']"),
            [
                "error: the image was not built:",
                "error: the settings config.settings.production can't be loaded",
                "add what installs 'longshore'",
                "variable CRANE: `pulumi config set --path env.CRANE VALUE -s clean-server`",
                "variable TIDE: `pulumi config set --path env.TIDE VALUE -s clean-server`",
            ],
            id="variables and modules that are missing",
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
            ["requirements do not install Django", "app.path"],
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
            {"seed": ["stock_shelve", "greet --loudly"]},
            [
                "'stock_shelve' is no management command",
                "did you mean stock_shelves",
                "'greet' is no management command",
            ],
            id="seed steps that are no commands",
        ),
        pytest.param(
            {"image.dockerfile": "docker/misspelt.Dockerfile"},
            ["unknown instruction: FORM"],
            id="a Dockerfile that can't be read",
        ),
        pytest.param(
            {"image.dockerfile": "docker/bare.Dockerfile"},
            ["can't import Django", "No module named 'django'", "first python on PATH"],
            id="a Dockerfile that installs nothing",
        ),
    ],
)
def test_broken_config(site: Site, project: Path, config: dict[str, Any], says: list[str]) -> None:
    # What a build is told of the site is no part of its cache: with new content it is asked.
    (project / "backend/new.txt").write_text(secrets.token_hex(8))
    (project / "docker/misspelt.Dockerfile").write_text("FORM base\n")
    (project / "docker/bare.Dockerfile").write_text(f"FROM {unseen.base_image()}\nCOPY . /site\n")
    site.configure(**config)
    output = unseen.refused(site)
    for words in says:
        assert words in output, output


# Prints every secret in every spelling, wherever the settings are imported with real ones.
TELLTALE = """
import base64, html, json, os, shlex, sys
from urllib.parse import quote, quote_plus
if "SENTINEL_PLAIN" in os.environ and "placeholder" not in os.environ["SENTINEL_PLAIN"]:
    for name in ("SENTINEL_PLAIN", "SENTINEL_KEY", "SENTINEL_URL"):
        told = os.environ[name]
        raw = told.encode()
        for number, said in enumerate((
            told, repr(told), repr(raw), json.dumps({"it": told}), json.dumps(json.dumps(told)),
            quote(told), quote(told, safe=""), quote_plus(told), html.escape(told), raw.hex(),
            shlex.quote(told), base64.b64encode(raw).decode(), base64.encodebytes(raw).decode(),
            base64.urlsafe_b64encode(raw).decode().rstrip("="), " ".join(told.split()),
            base64.b64encode(b"ada:" + raw).decode(), base64.b64encode(b"x" + raw + b":y").decode(),
        )):
            print("telltale", number, said, file=(sys.stdout, sys.stderr)[number % 2], flush=True)
"""
TELLING_STEP = """
_handle = Command.handle
def _telling(self, *args, **options):
    import os
    _handle(self, *args, **options)
    self.stdout.write(os.environ["SENTINEL_KEY"])
    return f"created with {os.environ['SENTINEL_URL']}"
Command.handle = _telling
"""
FAILING = """
import os
if "placeholder" not in os.environ["SENTINEL_PLAIN"]:
    raise RuntimeError(f"{os.environ['SENTINEL_URL']}: {os.environ['SENTINEL_KEY']!r}")
"""


def everything(site: Site, run: Run) -> Iterator[tuple[str, str]]:
    """All that is shown of a deployment or kept of it in plain text, by where."""
    yield "up", run.output
    yield "state", site.pulumi("stack", "export", "-s", site.stack, check=True).output
    yield "preview", site.preview().output
    yield "ledger", json.dumps(site.ledger())
    client = docker.from_env()
    marks = site.labelled()
    for container in client.containers.list(all=True, filters=marks):
        yield f"inspect {container.name}", json.dumps(container.attrs)
    for volume in client.volumes.list(filters=marks):
        yield f"inspect {volume.name}", json.dumps(volume.attrs)
    api: Any = client.api
    for image in api.images(filters=marks):
        yield f"inspect {image['Id']}", json.dumps(api.inspect_image(image["Id"]))
        yield f"history {image['Id']}", json.dumps(api.history(image["Id"]))
    for folder in (".build", "stacks", "state"):
        for file in (site.folder / folder).rglob("*"):
            if file.is_file():
                yield str(file), file.read_text(errors="replace")


def test_what_a_project_prints_of_secrets_is_shown_nowhere(
    site: Site, project: Path, record_property: Any
) -> None:
    lines = [secrets.token_hex(24) for _ in range(4)]
    password = f"{secrets.token_hex(12)}@/{secrets.token_hex(12)}"
    plain = f"{secrets.token_hex(12)}+'{secrets.token_hex(12)}"
    sentinels = {
        "SENTINEL_PLAIN": plain,
        "SENTINEL_KEY": "\n".join(["-----BEGIN KEY-----", *lines, "-----END KEY-----", ""]),
        "SENTINEL_URL": f"postgres://ada:{quote(password, safe='')}@db.example:5432/shop",
    }
    append(SETTINGS, TELLTALE)(project)
    append("backend/config/wsgi.py", FAILING)(project)
    (step,) = project.rglob("stock_shelves.py")
    append(str(step.relative_to(project)), TELLING_STEP)(project)
    for name, value in sentinels.items():
        words = ("config", "set", "--secret", "--path", "-s", site.stack)
        site.pulumi(*words, f'secrets["{name}"]', "--", value, check=True)
    run = unseen.up(site, check=False)
    assert run.code != 0
    # It was all printed: by the job, while containers started, and by what failed.
    assert "was not let through to traffic" in run.output, run.output
    assert run.output.count("telltale") > 20
    assert "RuntimeError" in run.output
    parts = [plain, password, *lines, site.secret("app.secretKey")]
    places = list(everything(site, run))
    found = {place: hits for place, text in places if (hits := leaks_of(parts, text))}
    record_property("places searched", len(places))
    record_property("spellings printed", 17 * len(sentinels))
    record_property("hits", len(found))
    assert not found


def leaks_of(parts: list[str], text: str) -> list[str]:
    return [leak for part in parts for leak in leaks(part, text)]
