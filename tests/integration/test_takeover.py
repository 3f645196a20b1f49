"""From the deployment of the analysis, which runs with Docker Compose, to the update stack.

People who are logged in stay so, data that was added by hand is there, and nothing is collected
or seeded again.
"""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from bench.original import Original
from tests.integration.conftest import MakeSite
from tests.integration.harness import Browser, Site

PASSWORD = "typed-by-a-person-long-ago"  # set by hand, later than any seeding


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """The original, deployed by its own script, with data that somebody added by hand."""
    folder: Path = tmp_path_factory.mktemp("original")
    with Original(folder, f"t-original-{secrets.token_hex(3)}") as site:
        site.deploy()
        _by_hand(
            site,
            "from django.contrib.auth import get_user_model as m;"
            f"u = m().objects.get(username='admin'); u.set_password('{PASSWORD}'); u.save();"
            "from catalogue.models import Page;"
            "p = Page.objects.get(slug='skarn-tooth'); p.title = 'Renamed by hand'; p.save()",
        )
        yield site


@pytest.fixture(scope="module")
def taken_over(make_site: MakeSite, original: Original) -> tuple[Site, Browser]:
    """The update stack in its place, and a visitor who logged in before."""
    visitor = Browser(original.url)
    # More than one try: the original answers 502 at times, which is not what is tested here.
    for _ in range(5):
        if visitor.log_in("admin", PASSWORD):
            break
        time.sleep(0.5)
    assert visitor.is_logged_in()
    site = make_site("takeover", stack="update", port=original.port)
    site.configure(
        database__volume=original.data_volume,
        media__volume=original.media_volume,
        retire=[str(name) for name in original.containers],
    )
    site.configure_secret(app__secretKey=original.secret_key)
    site.up()
    return site, visitor


def _by_hand(site: Original, statement: str) -> None:
    container = docker.from_env().containers.get(site.backend)
    done = container.exec_run(["python", "manage.py", "shell", "-c", statement])
    assert done.exit_code == 0, done.output


def test_the_data_is_there_and_people_stay_logged_in(
    taken_over: tuple[Site, Browser], original: Original
) -> None:
    site, visitor = taken_over
    assert visitor.is_logged_in()
    assert Browser(site.url).log_in("admin", PASSWORD)
    assert "Renamed by hand" in Browser(site.url).get("/lights/")[1] + visitor.get("/")[1]


def test_media_come_along(taken_over: tuple[Site, Browser]) -> None:
    site, _ = taken_over
    page = Browser(site.url).get("/lights/")[1]
    picture = page.partition('src="/media/')[2].partition('"')[0]
    assert Browser(site.url).get(f"/media/{picture}")[0] == 200


def test_nothing_is_collected_or_seeded_again(taken_over: tuple[Site, Browser]) -> None:
    site, _ = taken_over
    assert site.outputs()["seeding"] == "no step ran"
    records = site.ledger()
    ran = {(record["operation"], record["point"]) for record in records}
    assert ran == {("collectstatic", "build"), ("migrate", "startup")}
    migrated = [r for r in records if r["point"] == "startup"]
    assert [r["result"]["applied"] for r in migrated] == [0]


def test_what_served_before_is_stopped_and_kept(
    taken_over: tuple[Site, Browser], original: Original
) -> None:
    client = docker.from_env()
    assert original.containers
    for name in original.containers:
        container = client.containers.get(name)
        assert container.status == "exited"
        assert container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "no"


def test_the_volumes_are_nobody_elses_after_destroy(
    taken_over: tuple[Site, Browser], original: Original
) -> None:
    site, _ = taken_over
    assert set(site.up().changes()) == {"unchanged"}
    site.destroy()
    for name in (original.data_volume, original.media_volume):
        labels = docker.from_env().volumes.get(name).attrs["Labels"]
        assert not any(key.startswith("django-on-docker") for key in labels)
