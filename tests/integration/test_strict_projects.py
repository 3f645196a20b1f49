"""A project that does as it likes with its settings: `init` and `up`, at the first attempt."""

import base64
import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import docker
import pytest

from tests.integration import unseen
from tests.integration.conftest import TRIED, ByInit
from tests.integration.harness import Browser, Site
from tests.integration.installed import Installed

KIOSK = Path(__file__).parent / "projects/kiosk"
VIEWS = "kiosk/views.py"
TOKEN = "a-token-that-nobody-sees"
STEP = "hire_owner {adminUser} --password {adminPassword} --site {host}"


@pytest.fixture(scope="module")
def kiosk(by_init: ByInit) -> Installed:
    answers = {'secrets["KIOSK_TOKEN"]': TOKEN, "app.silencedSystemChecks[0]": "kiosk.E001"}
    return by_init(
        partial(unseen.copy_of, KIOSK),
        "kiosk",
        answers,
        seed=[STEP],
        processes={"web": {"smoke": ["/shelf/"]}},
    )


def test_it_is_open(kiosk: Site, record_property: Callable[[str, object], None]) -> None:
    status, page = Browser(kiosk.url).get("/")
    assert status == 200
    assert "The kiosk is open" in page
    assert "Older issues: /srv/data/archive.sqlite3" in page
    image = docker.from_env().images.get(kiosk.outputs()["imageId"])
    record_property(TRIED, unseen.tried(kiosk, "kiosk", "DEBUG, checks, databases, steps", image))


def test_its_static_files_are_served_where_its_pages_link_to(kiosk: Site) -> None:
    unseen.static_files_are_served(Browser(kiosk.url), "/", "/files/")
    [said] = [why for why in unseen.supplied(kiosk)["STATIC_URL"] if "static.kiosk.example" in why]
    assert "the files are served here" in said


def test_what_is_nobodys_but_the_projects_is_said_and_not_asked(kiosk: Site) -> None:
    attention = kiosk.outputs()["supplied"]["attention"]["DATABASES"]
    assert "'trac' is where the project's own settings say" in attention
    assert "archive" not in attention
    assert Browser(kiosk.url).get("/-/health") == (200, '{"status": "ok"}')
    assert set(kiosk.outputs()["supplied"]["advice"]) == {"security.W002"}


def test_a_step_got_the_password_and_nobody_else(kiosk: Installed) -> None:
    password = kiosk.secret("admin.password")
    assert unseen.steps(kiosk) == [("hire_owner", "created")]
    assert Browser(kiosk.url).log_in("admin", password)
    tag = f"{kiosk.deployment}:{kiosk.outputs()['release']}"
    history = subprocess.run(
        ["docker", "history", "--no-trunc", tag], capture_output=True, text=True, check=True
    )
    shown = [
        history.stdout,
        json.dumps(docker.from_env().images.get(tag).attrs),
        json.dumps(unseen.backend(kiosk).attrs),
        json.dumps(kiosk.outputs()),
        json.dumps(kiosk.ledger()),
        kiosk.preview().output,
        *(file.read_text(errors="replace") for file in (kiosk.folder / ".build").rglob("*.*")),
        *(file.read_text() for file in (kiosk.state / ".pulumi").rglob("*.json*")),
    ]
    for secret in (password, base64.b64encode(password.encode()).decode(), TOKEN):
        assert not [text[:80] for text in shown if secret in text]


def broken(project: Path) -> None:
    unseen.edit(
        project / VIEWS, "light = settings.KIOSK_TOKEN", "raise OSError(settings.KIOSK_TOKEN)"
    )


def test_a_release_whose_page_fails_is_refused_with_the_reason(kiosk: Installed) -> None:
    before = unseen.backend(kiosk).name
    broken(kiosk.project)
    run = unseen.up(kiosk, check=False)
    assert run.code != 0
    assert "it answers /shelf/ (processes.web.smoke) with 500" in run.output
    assert "raise OSError(settings.KIOSK_TOKEN)" in run.output
    assert "OSError: ***" in run.output
    assert TOKEN not in run.output
    assert unseen.backend(kiosk).name == before
    assert Browser(kiosk.url).get("/")[0] == 200


def test_where_nobody_asks_for_the_page_it_is_a_warning(kiosk: Site) -> None:
    kiosk.unset("processes.web.smoke")
    run = unseen.up(kiosk)
    assert "answers / with 500, at /shelf/, which visitors will see" in run.output
    assert "OSError: ***" in run.output
    assert TOKEN not in run.output
    assert Browser(kiosk.url).get("/")[0] == 500


def test_a_path_that_is_asked_for_later_stops_nothing(kiosk: Site) -> None:
    before = unseen.backend(kiosk).name
    kiosk.configure(processes__web__smoke=["/shelf/"])
    for _ in range(2):
        run = unseen.up(kiosk, check=False)
        assert run.code != 0
        said = f"{before} serves, and is left alone, but it answers /shelf/ (processes.web.smoke"
        assert said in run.output
    assert unseen.backend(kiosk).name == before
