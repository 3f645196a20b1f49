"""A site on a second Docker host, which only ssh leads to.

The tests build on each other, in order. The long form of the connection that breaks is
`python -m bench.breaks`.
"""

from collections.abc import Iterator

import docker
import pytest

from tests.integration.conftest import MakeSite
from tests.integration.harness import Browser, Run, Site, visitors
from tests.integration.interruption import Boundary, Cut
from tests.integration.second_host import SecondHost
from tests.integration.trials import Subject, trial

VIEWS = "example/catalogue/views.py"


@pytest.fixture(scope="module")
def site(make_site: MakeSite, second_host: SecondHost) -> Site:
    made = make_site("second")
    second_host.takes(made)
    return made


@pytest.fixture(scope="module")
def subject(site: Site, second_host: SecondHost) -> Subject:
    """The site as it is after its first update, and what people made in it."""
    site.up()
    found = Subject(site=site, daemon=second_host.daemon.address)
    found.settle()
    return found


def doctor(site: Site) -> Run:
    return site.command("operate.doctor", site.deployment, "--port", str(site.port))


def test_what_a_fresh_host_lacks_is_said_before_anything_is_changed(
    site: Site, second_host: SecondHost
) -> None:
    well = doctor(site)
    assert well.code == 0, well.output
    assert "second-host: " in well.output
    assert "GB are free for Docker (/var/lib/docker)" in well.output, "the system there says it"
    words = f"python3 -m http.server --bind 127.0.0.1 {site.port}"
    with second_host.daemon.box.runs(words, site.port):
        taken = site.preview()
    assert taken.code != 0
    assert f"127.0.0.1:{site.port} is taken by a program of that host" in taken.output
    site.configure(app__mountSource=True)
    mounted = site.preview()
    site.unset("app.mountSource")
    assert mounted.code != 0
    assert "app.mountSource is true, but the host is another machine: ssh://" in mounted.output
    for said in (taken, mounted):
        assert "Traceback" not in said.output


def test_an_image_for_other_processors_is_refused(site: Site, second_host: SecondHost) -> None:
    second_host.daemon.load_foreign("t-foreign:1")
    site.configure(image__base="t-foreign:1")
    refused = site.preview()
    site.unset("image.base")
    assert refused.code != 0
    assert "image.base: t-foreign:1 is made for arm64, the host is amd64" in refused.output


@pytest.mark.essential("a host elsewhere")
def test_a_site_is_made_and_updated_there_and_nowhere_else(
    subject: Subject, second_host: SecondHost
) -> None:
    site = subject.site
    here = docker.from_env()
    assert here.containers.list(all=True, filters=site.labelled()) == []
    assert here.volumes.list(filters=site.labelled()) == []
    subject.edit()
    with visitors(site.url) as statuses:
        site.up()
    assert set(statuses) == {200}
    assert list(subject.problems()) == []


def test_a_release_that_fails_gets_no_traffic_there(subject: Subject) -> None:
    site = subject.site
    file = site.folder / VIEWS
    good = file.read_text()
    file.write_text(f"{good}\nraise RuntimeError('a fault of the release')\n")
    with visitors(site.url) as statuses:
        failed = site.up(check=False)
    file.write_text(good)
    assert failed.code != 0
    assert "a fault of the release" in failed.output
    assert set(statuses) == {200}
    site.up()
    assert list(subject.problems()) == []


@pytest.fixture
def mended(second_host: SecondHost) -> Iterator[None]:
    """Whatever a test did, the next one finds a way there."""
    yield
    second_host.way.delay = 0.0
    second_host.way.mend()


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(side="before", operation="create-replacement", resource="release"),
        Boundary(side="before", operation="create-replacement", resource="backend"),
    ],
    ids=str,
)
def test_a_connection_that_breaks_during_an_update_loses_nothing(
    subject: Subject, second_host: SecondHost, boundary: Boundary, mended: None
) -> None:
    subject.edit()
    said: list[str] = []
    cut = Cut(at=boundary, act=second_host.way.cut)
    tried = trial(subject, cut, served=True, say=said.append, mend=second_host.way.mend)
    assert tried.problems == [], "\n".join(said)
    assert tried.code > 0
    assert tried.visits > 0


def test_a_slow_line_only_takes_longer(
    subject: Subject, second_host: SecondHost, mended: None
) -> None:
    second_host.way.delay = 0.1
    said = subject.site.preview()
    assert set(said.changes()) == {"unchanged"}, said.output
    well = doctor(subject.site)
    assert well.code == 0, well.output
    assert Browser(subject.site.url).get("/")[0] == 200


def test_a_host_that_is_away_is_named_within_seconds(
    subject: Subject, second_host: SecondHost, mended: None
) -> None:
    second_host.way.cut()
    said = subject.site.preview()
    assert said.code != 0
    assert f"no Docker daemon answers at {second_host.address}" in said.output
    assert "nobody answers there" in said.output
    assert Browser(subject.site.url).get("/")[0] == 200
