"""The deployment of the analysis runs, and does by count what the analysis says it does."""

from collections.abc import Iterator
from secrets import token_hex

import docker
import pytest

from bench.counts import Tally, tally
from bench.original import Original
from bench.process import Timed
from bench.visitor import wait_for_200
from tests.integration.harness import Browser

STEPS = 10


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    with Original(
        tmp_path_factory.mktemp("original"), f"t-original-{token_hex(3)}", probed=True
    ) as site:
        site.edit()  # or the build would come from the cache
        yield site


@pytest.fixture(scope="module")
def deployed(original: Original) -> Timed:
    return original.deploy()


def counts(result: Tally, operation: str) -> tuple[int, int, int]:
    """Calls in the build, at start-up and in the script."""
    build, startup, job = (result.get(operation, p) for p in ("build", "startup", "job"))
    return build.calls, startup.calls, job.calls


def test_it_serves_a_seeded_site(original: Original, deployed: Timed) -> None:
    # It answers 502 at times, for a second or two.
    wait_for_200(original.url)
    browser = Browser(original.url)
    status, page = browser.get("/")
    assert status == 200
    assert "Skarn Tooth" in page
    assert browser.log_in("admin", original.admin_password)


def test_it_migrates_twice_and_collects_three_times(original: Original, deployed: Timed) -> None:
    result = tally(original.notes(), original.built(deployed))
    assert counts(result, "migrate") == (0, 1, 1)
    assert counts(result, "collectstatic") == (1, 1, 1)
    assert counts(result, "seed") == (0, 0, STEPS)
    assert result.get("migrate", "startup").result > 0
    assert result.get("migrate", "job").result == 0


def test_a_restart_collects_again(original: Original, deployed: Timed) -> None:
    before = len(original.notes())
    original.restart()
    wait_for_200(original.url)
    result = tally(original.notes()[before:])
    assert counts(result, "migrate") == (0, 1, 0)
    assert counts(result, "collectstatic") == (0, 1, 0)


def test_it_leaves_nothing_behind(original: Original, deployed: Timed) -> None:
    client = docker.from_env()
    mine: dict[str, str | list[str] | bool] = {
        "label": f"com.docker.compose.project={original.project}"
    }
    assert sorted(str(v.name) for v in client.volumes.list(filters=mine)) == sorted(
        [original.data_volume, original.media_volume, f"{original.project}_static_volume"]
    )
    original.destroy()
    assert client.containers.list(all=True, filters=mine) == []
    assert client.volumes.list(filters=mine) == []
    assert client.images.list(filters=mine) == []
