"""Projects with the properties that real ones have: `init` and `up`, at the first attempt.

`PROPERTIES` says which project has which; what each one took is printed when all tests are over.
"""

import hashlib
import json
import re
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import docker
import pytest

from tests.integration import unseen
from tests.integration.conftest import TRIED, ByInit
from tests.integration.harness import Browser, Site

PROJECTS = Path(__file__).parent / "projects"
PROPERTIES = {
    "harbour": (
        "a GeneratedField on PostgreSQL with Django 6.1",
        "psycopg without libpq",
        "a system check that compares the site's URL with ALLOWED_HOSTS",
        "a secrets file that is read at import",
        "requirements with a constraints file and hashes, in a folder",
        "a seed step that needs a password as an argument",
    ),
    "mill": (
        "a uv workspace, locked",
        "a dependency that is compiled (psycopg2)",
        "SCSS and a build like npm's, with node_modules",
        "django-compressor, offline",
        "translations that are compiled (compilemessages)",
    ),
}
TOKEN = "tide-table-token-4711"
PASSWORD = "of-a-seed-step-0815"
TOOLS = ("gcc", "sassc", "msgfmt", "pg_config")

Note = Callable[[str, object], None]


def note(site: Site, name: str, record_property: Note) -> None:
    """Have the figures printed, the project's properties with them."""
    image = docker.from_env().images.get(site.outputs()["imageId"])
    for had in PROPERTIES[name]:
        record_property(TRIED, unseen.tried(site, name, had, image))


@pytest.fixture(scope="module")
def quay(by_init: ByInit) -> Site:
    answers = {
        'env["SITE_URL"]': "https://quay.example",
        "site.allowedHosts[0]": "quay.example",
        'secretFiles["conf/secrets.json"]': json.dumps({"tide_table": {"token": TOKEN}}),
    }
    copy = partial(unseen.copy_of, PROJECTS / "harbour")
    return by_init(copy, "harbour", answers, seed=[f"moor --password {PASSWORD}"])


def history(site: Site) -> str:
    """All that the daemon shows of the release's image, and of how it was made."""
    image = docker.from_env().images.get(site.outputs()["imageId"])
    return json.dumps([image.attrs, image.history()])


def token_on(site: Site) -> str:
    """The digest of the token that the page shows."""
    status, page = Browser(site.url).get("/")
    assert status == 200
    assert "A berth of 120 square metres" in page
    found = re.search(r"<p>([0-9a-f]{64})</p>", page)
    assert found
    return found[1]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_harbour_is_deployed_by_what_init_wrote(quay: Site, record_property: Note) -> None:
    note(quay, "harbour", record_property)
    assert token_on(quay) == sha256(TOKEN)
    unseen.static_files_are_served(Browser(quay.url), "/", "/static/")
    assert unseen.steps(quay) == [("moor", "created")]
    assert set(unseen.up(quay).changes()) == {"unchanged"}


def test_nothing_of_the_site_is_in_its_image(quay: Site) -> None:
    shown = history(quay)
    for secret in (TOKEN, PASSWORD, "moor"):
        assert secret not in shown, secret
    where = "find / -xdev -type f -size -1000k -not -path '/proc/*' -not -path '/sys/*'"
    for word in (TOKEN, PASSWORD, "moor --"):
        found = docker.from_env().containers.run(
            quay.outputs()["imageId"],
            ["sh", "-c", f"{where} -exec grep -l -e '{word}' {{}} + || true"],
            user="0",
            remove=True,
        )
        assert found == b"", word
    assert unseen.in_backend(quay, "readlink /app/conf/secrets.json") == (
        "/run/secrets/files/conf/secrets.json\n"
    )


def test_hosts_that_the_project_refuses_are_found_before_anything_starts(
    quay: Site,
) -> None:
    before = unseen.backend(quay).name
    # The release is there, so that nothing is built: it is asked again.
    quay.configure(site__allowedHosts=[])
    run = unseen.up(quay, check=False)
    assert run.code != 0
    assert "(quay.E1) SITE_URL is on quay.example" in run.output
    assert unseen.backend(quay).name == before
    assert token_on(quay) == sha256(TOKEN)


def test_hosts_secret_files_and_seed_steps_make_no_release(quay: Site) -> None:
    release, before = quay.outputs()["release"], unseen.backend(quay).name
    quay.configure(
        site__allowedHosts=["quay.example", "more.example"],
        seed=[f"moor --password {PASSWORD}", "moor --password another"],
    )
    secrets = json.dumps({"tide_table": {"token": "another"}})
    quay.configure_secret_entry("secretFiles", "conf/secrets.json", secrets)
    unseen.up(quay)
    assert quay.outputs()["release"] == release
    assert unseen.steps(quay) == [("moor", "unchanged")] * 2
    assert unseen.backend(quay).name != before
    assert token_on(quay) == sha256("another")


@pytest.fixture(scope="module")
def mill(by_init: ByInit) -> Site:
    return by_init(partial(unseen.copy_of, PROJECTS / "mill"), "mill", {})


def test_the_mill_is_deployed_by_what_init_wrote(mill: Site, record_property: Note) -> None:
    note(mill, "mill", record_property)
    browser = Browser(mill.url)
    status, page = browser.get("/")
    assert status == 200
    assert "Welcome to the mill" in page
    assert re.search(r"It grinds rye, with libpq \d+", page)
    compressed = re.search(r'href="(/static/CACHE/css/[^"]+)"', page)
    assert compressed
    assert "#335577" in browser.get(compressed[1])[1]
    script = re.search(r'src="(/static/flour/flour\.[0-9a-f]{12}\.js)"', page)
    assert script, "static files are collected from node_modules"
    assert "flour" in browser.get(script[1])[1]
    german = urllib.request.Request(mill.url, headers={"Accept-Language": "de"})
    with urllib.request.urlopen(german, timeout=20) as answer:
        assert "Willkommen in der M\u00fchle" in answer.read().decode()


def test_what_it_was_built_with_is_not_in_its_image(mill: Site) -> None:
    words = "; ".join(f"command -v {tool}" for tool in TOOLS)
    assert unseen.in_backend(mill, f"{words}; true") == ""
    assert unseen.in_backend(mill, "find /app /opt -name node_modules") == ""
