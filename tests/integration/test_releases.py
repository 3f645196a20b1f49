"""Releases: their static files outlive them, they are kept within a bound, and serve again.

The tests of this module build on each other, in order, on one deployment.
"""

import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from tests.integration import unseen
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.faults import first_error
from tests.integration.harness import Browser, Site, visitors

STYLES = "example/lanterna/static/css/site.css"
APPS = "example/catalogue/apps.py"
TROUBLE = "\nimport sys\nif 'gunicorn' in sys.argv[0]:\n    raise RuntimeError('boiler out')\n"
KEPT = 2
# What the server and the connection add to an answer, whoever made it.
_NOT_THE_FILES = {"date", "server", "connection"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A release as its visitors saw it.

    Attributes:
        tag: its tag.
        image: its image's id.
        address: the path of its style sheet.
        style: the style sheet's answers, to a browser that takes it compressed and to another.
    """

    tag: str
    image: str
    address: str
    style: tuple[Any, Any]


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    site = make_site("releases")
    site.configure(releases__keep=KEPT)
    return site


@pytest.fixture(scope="module")
def first(site: Site) -> Seen:
    unseen.up(site)
    return seen(site)


@pytest.fixture(scope="module")
def second(site: Site, first: Seen) -> Seen:
    """The release after the first one; somebody had the old page open all the while."""
    paint(site, "teal")
    with visitors(site.url, first.address) as statuses:
        unseen.up(site)
    assert set(statuses) == {200}
    return seen(site)


def paint(site: Site, color: str) -> None:
    """Change the style sheet."""
    with (site.folder / STYLES).open("a") as file:
        file.write(f"\n.tide {{ color: {color} }}\n")


def seen(site: Site) -> Seen:
    outputs = site.outputs()
    found = re.search(
        r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', Browser(site.url).get("/")[1]
    )
    assert found
    address = found.group(1)
    return Seen(
        tag=outputs["release"],
        image=outputs["imageId"],
        address=address,
        style=(fetch(site, address, "gzip, br"), fetch(site, address, "identity")),
    )


def fetch(site: Site, path: str, encoding: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of a file, as they come over the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.request("GET", path, headers={"Accept-Encoding": encoding})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    kept = {name: value for name, value in headers.items() if name not in _NOT_THE_FILES}
    return answer.status, kept, answer.read()


def serves(site: Site, release: Seen) -> None:
    """The release serves, and its style sheet is the one that it had."""
    assert seen(site) == release
    assert site.outputs()["ledger"]["agrees"]


def images(site: Site) -> dict[str, str]:
    """The ids of the deployment's releases that are on the host, by tag."""
    found = docker.from_env().images.list(filters=site.labelled("release"))
    return {tag.rpartition(":")[2]: str(image.id) for image in found for tag in image.tags}


def build_logs(site: Site) -> dict[str, int]:
    """Every build that there was, and when it wrote its log last."""
    logs = (site.folder / ".build" / site.deployment).glob("*.log")
    return {path.name: path.stat().st_mtime_ns for path in logs}


def restart(site: Site) -> None:
    [backend] = docker.from_env().containers.list(filters=site.labelled("backend"))
    backend.restart()
    deadline = time.monotonic() + 30
    while Browser(site.url).get("/health/")[0] != 200:
        assert time.monotonic() < deadline, "it does not answer any more"
        time.sleep(0.2)


@pytest.mark.essential("old pages")
def test_old_pages_get_their_styles_byte_for_byte(site: Site, first: Seen, second: Seen) -> None:
    assert second.address != first.address
    zipped, plain = (fetch(site, first.address, encoding) for encoding in ("gzip, br", "identity"))
    assert (zipped, plain) == first.style
    assert (zipped[0], zipped[1]["content-encoding"]) == (200, "gzip")
    assert "immutable" in zipped[1]["cache-control"]
    assert {"etag", "last-modified"} <= zipped[1].keys()
    assert b"teal" not in plain[2]


def test_also_after_a_restart(site: Site, first: Seen, second: Seen) -> None:
    restart(site)
    assert fetch(site, first.address, "identity") == first.style[1]


def test_releases_are_an_output(site: Site, first: Seen, second: Seen) -> None:
    now, before = site.outputs()["releases"]
    assert re.fullmatch(rf"{second.tag}, built \S+, serves now", now)
    assert re.fullmatch(rf"{first.tag}, built \S+, served last \S+", before)


@pytest.fixture(scope="module")
def back(site: Site, first: Seen, second: Seen) -> dict[str, Any]:
    """Gone back to the first release, without the project even there; what there was before."""
    before = {"images": images(site), "logs": build_logs(site)}
    (site.folder / "example").rename(site.folder / "elsewhere")
    site.configure(releases__pin=first.tag[:8])
    run = unseen.up(site)
    assert f"is pinned to release {first.tag} from this update on (releases.pin)" in run.output
    assert "the project's own changes are not deployed" in run.output
    assert "pulumi config rm --path releases.pin" in run.output
    return before


@pytest.mark.essential("rollback")
def test_a_rollback_serves_the_old_code_with_its_own_styles(
    site: Site, first: Seen, back: dict[str, Any], fault: BeginFault
) -> None:
    now = seen(site)
    fault("rollback").saw(
        f"release {now.tag} serves again, without the project's files",
        f"its style sheet is the one that it had: {now.style == first.style}",
    )
    serves(site, first)
    assert site.outputs()["row"] == "code update"
    assert ["serves now" in line for line in site.outputs()["releases"]] == [False, True]


@pytest.mark.essential("rollback")
def test_a_rollback_builds_nothing(site: Site, first: Seen, back: dict[str, Any]) -> None:
    assert images(site) == back["images"]
    assert build_logs(site) == back["logs"]
    again = site.preview()
    assert set(again.changes()) == {"unchanged"}
    pinned = site.outputs()["pinned"]
    assert pinned["release"] == first.tag
    _, _, diagnostics = again.output.partition("Diagnostics:")
    _, line, *_ = (line.strip() for line in diagnostics.splitlines() if line.strip())
    assert f"pinned to release {first.tag} since {pinned['since']} (releases.pin)" in line


def test_the_newer_releases_pages_get_their_styles_too(
    site: Site, second: Seen, back: dict[str, Any]
) -> None:
    assert fetch(site, second.address, "identity") == second.style[1]


def test_a_release_that_is_not_kept_is_refused_with_those_that_are(
    site: Site, first: Seen, second: Seen, back: dict[str, Any]
) -> None:
    site.configure(releases__pin="0123456789abcdef")
    run = unseen.up(site, check=False)
    assert run.code != 0
    assert "releases.pin is '0123456789abcdef': no such release is kept on this host" in run.output
    assert f"kept: {second.tag}" in run.output
    assert f"kept: {first.tag}" in run.output
    assert "Traceback" not in run.output
    serves(site, first)


@pytest.fixture(scope="module")
def forward(site: Site, back: dict[str, Any]) -> None:
    """Gone forward again to the project as it is."""
    (site.folder / "elsewhere").rename(site.folder / "example")
    site.unset("releases.pin")
    unseen.up(site)


def test_going_forward_again_builds_nothing_either(
    site: Site, second: Seen, back: dict[str, Any], forward: None
) -> None:
    serves(site, second)
    assert images(site) == back["images"]
    assert build_logs(site) == back["logs"]
    assert set(site.preview().changes()) == {"unchanged"}


@pytest.fixture(scope="module")
def third(site: Site, forward: None) -> Seen:
    paint(site, "maroon")
    unseen.up(site)
    return seen(site)


def test_the_bound_holds(site: Site, first: Seen, second: Seen, third: Seen) -> None:
    assert set(images(site)) == {second.tag, third.tag}
    assert site.releases() == [third.tag, second.tag]
    assert fetch(site, second.address, "identity") == second.style[1]
    assert fetch(site, first.address, "identity")[0] == 404
    [backend] = docker.from_env().containers.list(filters=site.labelled("backend"))
    _, listed = backend.exec_run("python -m deploy_runtime.assets list")
    assert isinstance(listed, bytes)
    assert json.loads(listed).keys() == {second.tag, third.tag}


def test_the_ledger_still_has_the_builds_of_removed_releases(
    site: Site, first: Seen, second: Seen, third: Seen
) -> None:
    built = [r["release"] for r in site.ledger() if r["point"] == "build"]
    assert built == [first.tag, second.tag, third.tag]


def test_a_rollback_behind_the_database_is_refused_unless_forced(
    site: Site, third: Seen, fault: BeginFault
) -> None:
    migration = site.folder / "example/catalogue/migrations/0099_tide.py"
    migration.write_text(
        "from django.db import migrations, models\n\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('catalogue', '0003_sighting')]\n"
        "    operations = [migrations.CreateModel('Tide', [('id', models.AutoField("
        "primary_key=True))])]\n"
    )
    unseen.up(site)
    ahead = site.outputs()["release"]
    site.configure(releases__pin=third.tag)
    run = unseen.up(site, check=False)
    assert run.code != 0
    assert "catalogue.0099_tide" in run.output
    [backend] = docker.from_env().containers.list(filters=site.labelled("backend"))
    assert backend.labels["django-on-docker.release"] == ahead
    assert Browser(site.url).get("/")[0] == 200
    assert "set --path 'migrations.allowAhead[0]' catalogue.0099_tide -s" in run.output
    site.configure(migrations__allowAhead=["catalogue.0099_tide"])
    unseen.up(site)
    now = seen(site)
    fault("rollback").saw(
        f"behind the database: {first_error(run.output)}",
        f"allowed: release {now.tag} serves again",
        f"its style sheet is the one that it had: {now.style == third.style}",
    )
    serves(site, third)


@pytest.fixture(scope="module")
def failed(site: Site, first: Seen) -> list[str]:
    """A release that takes a secret away and crashes; the containers that served before it.

    Static files are collected at start-up from here on, into a volume of each release.
    """
    site.unset("releases.pin")
    site.unset("migrations.allowAhead")
    site.configure(strategy="conservative")
    keep_secret(site, "TIDE_TABLE", "low at noon")
    unseen.up(site)
    before = backends(site)
    site.unset("secrets")
    keep_secret(site, "TIDE_TIMES", "high at noon")
    with (site.folder / APPS).open("a") as file:
        file.write(TROUBLE)
    run = unseen.up(site, check=False)
    assert "was not let through to traffic" in run.output
    assert "at noon" not in run.output
    return before


def keep_secret(site: Site, name: str, value: str) -> None:
    words = ("config", "set", "--secret", "--path", f"secrets.{name}", "-s", site.stack)
    site.pulumi(*words, "--", value, check=True)


def backends(site: Site) -> list[str]:
    """The containers of the backend that run."""
    found = docker.from_env().containers.list(filters=site.labelled("backend"))
    return sorted(str(container.name) for container in found)


def volumes(site: Site) -> dict[str, int]:
    """How many volumes there are of those that come and go."""
    client = docker.from_env()
    return {r: len(client.volumes.list(filters=site.labelled(r))) for r in ("secrets", "static")}


def test_what_serves_keeps_its_secrets_when_the_next_release_fails(
    site: Site, failed: list[str]
) -> None:
    assert backends(site) == failed
    restart(site)
    [backend] = docker.from_env().containers.list(filters=site.labelled("backend"))
    _, said = backend.exec_run(["sh", "-c", "ls /run/secrets; cat /run/secrets/TIDE_TABLE"])
    assert isinstance(said, bytes)
    assert said.decode().split("\n") == [
        *("DJANGO_SUPERUSER_PASSWORD", "SECRET_KEY", "TIDE_TABLE", "low at noon")
    ]


def test_the_release_before_one_that_failed_is_deployed_again(
    site: Site, failed: list[str]
) -> None:
    file = site.folder / APPS
    file.write_text(file.read_text().removesuffix(TROUBLE))
    site.unset("secrets")
    keep_secret(site, "TIDE_TABLE", "low at noon")
    unseen.up(site)
    assert site.outputs()["ledger"]["agrees"]
    assert volumes(site) == {"secrets": 1, "static": 1}
    assert len(backends(site)) == 1
    assert set(site.up().changes()) == {"unchanged"}
    restart(site)


def test_nothing_of_it_is_left(site: Site, third: Seen) -> None:
    site.destroy()
    client, mine = docker.from_env(), site.labelled()
    assert site.containers() == []
    assert f"{site.deployment}-assets" not in {v.name for v in client.volumes.list(filters=mine)}
