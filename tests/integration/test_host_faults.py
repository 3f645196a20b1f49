"""A daemon that dies in the middle of an update, and a disk that runs full.

They happen to a daemon of this module's own. The tests build on each other, in order.
"""

import copy
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.box import BASE
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.faults import first_error
from tests.integration.harness import ROOT, Browser, Site, run
from tests.integration.interruption import Boundary, Cut, cut_off
from tests.integration.own_daemon import OwnDaemon
from tests.integration.trials import inventory

VIEWS = "example/catalogue/views.py"
MIGRATIONS = "example/catalogue/migrations"
# A table of 64 MB.
GREEDY = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalogue", "{before}")]
    operations = [
        migrations.RunSQL(
            "CREATE TABLE greedy AS WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 64) "
            "SELECT i, randomblob(1048576) AS filler FROM n",
            "DROP TABLE greedy",
        )
    ]
"""


@pytest.fixture(scope="module")
def daemon_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDaemon]:
    made = OwnDaemon(tmp_path_factory.mktemp("daemon"), megabytes=2048)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def site(make_site: MakeSite, daemon_of_its_own: OwnDaemon) -> Site:
    made = make_site("faults")
    made.env["DOCKER_HOST"] = daemon_of_its_own.address
    made.up()
    return made


@pytest.fixture(scope="module")
def wanted(site: Site) -> Counter[str]:
    """What there is of the site when all is well."""
    return inventory(site)


@pytest.fixture(autouse=True)
def next_one(site: Site, daemon_of_its_own: OwnDaemon, wanted: Counter[str]) -> Iterator[None]:
    """Whatever a test did, the next one finds a daemon and a site that is well."""
    yield
    if not daemon_of_its_own.answers():
        daemon_of_its_own.start()
    if inventory(site) != wanted:
        site.recover()
        site.up(check=False)


def edit(site: Site) -> None:
    with (site.folder / VIEWS).open("a") as stream:
        stream.write(f"\n# a change, {time.time_ns()}\n")


def serves(site: Site, daemon: OwnDaemon, seconds: float = 60) -> bool:
    """The site answers, or does soon: containers come back with their daemon."""
    deadline = time.monotonic() + seconds
    while daemon.status(site.url) != 200:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def converges(site: Site, daemon: OwnDaemon, wanted: Counter[str]) -> None:
    """An update goes through, and leaves what one without a fault leaves."""
    site.up()
    assert daemon.status(site.url) == 200
    assert inventory(site) == wanted


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(side="before", operation="create-replacement", resource="release"),
        Boundary(side="after", operation="create-replacement", resource="release"),
        pytest.param(
            Boundary(side="before", operation="create-replacement", resource="backend"),
            marks=pytest.mark.essential("daemon lost"),
        ),
        Boundary(side="before", operation="create-replacement", resource="gate"),
        Boundary(side="before", operation="create-replacement", resource="traffic"),
    ],
    ids=str,
)
def test_a_daemon_that_dies_during_an_update_loses_nothing(
    site: Site,
    daemon_of_its_own: OwnDaemon,
    boundary: Boundary,
    wanted: Counter[str],
    fault: BeginFault,
) -> None:
    edit(site)
    died: list[float] = []

    def die() -> None:
        daemon_of_its_own.kill()
        died.append(time.monotonic())

    daemon_of_its_own.aim()
    run = cut_off(site, Cut(at=boundary, act=die))
    assert run.code > 0, run.output
    assert time.monotonic() - died[0] < 30, "it waited for a time-out"
    assert "Traceback" not in run.output
    assert "the Docker daemon" in run.output, run.output
    assert "run `pulumi up` again" in run.output, run.output
    again = site.up(check=False)
    assert again.code != 0
    assert "no Docker daemon answers" in again.output
    daemon_of_its_own.start()
    assert serves(site, daemon_of_its_own), "the old version comes back with its daemon"
    said = site.recover()
    assert said.code == 0, said.output
    converges(site, daemon_of_its_own, wanted)
    fault("daemon lost").saw(
        f"{boundary}: {first_error(run.output)}",
        f"after its return and up the site answers {daemon_of_its_own.status(site.url)}",
    )


def test_a_disk_that_is_full_fails_the_build_and_nothing_else(
    site: Site, daemon_of_its_own: OwnDaemon, wanted: Counter[str]
) -> None:
    edit(site)
    daemon_of_its_own.fill(leave=1)
    try:
        run = site.up(check=False)
        assert run.code != 0
        assert "a disk is full: the Docker host's" in run.output, run.output
        assert "Traceback" not in run.output
        assert daemon_of_its_own.status(site.url) == 200
    finally:
        daemon_of_its_own.make_room()
    converges(site, daemon_of_its_own, wanted)


def test_a_disk_that_runs_full_fails_the_migration_and_nothing_else(
    site: Site, daemon_of_its_own: OwnDaemon, wanted: Counter[str]
) -> None:
    folder: Path = site.folder / MIGRATIONS
    before = max(path.stem for path in folder.glob("0*.py"))
    (folder / "0098_greedy.py").write_text(GREEDY.format(before=before))
    daemon_of_its_own.fill(leave=40)
    try:
        run = site.up(check=False)
        assert run.code != 0
        assert "database or disk is full" in run.output, run.output
        assert "`docker system df` shows" in run.output, run.output
        assert daemon_of_its_own.status(site.url) == 200
    finally:
        daemon_of_its_own.make_room()
    # If a backend got as far as its gate, it stays rejected until somebody says that it is mended.
    said = site.recover()
    assert said.code == 0, said.output
    converges(site, daemon_of_its_own, wanted)
    assert set(site.preview().changes()) == {"unchanged"}


def test_a_site_is_not_sent_to_another_daemon_than_it_is_on(
    site: Site, daemon_of_its_own: OwnDaemon, wanted: Counter[str]
) -> None:
    elsewhere = copy.copy(site)
    elsewhere.env = {name: value for name, value in site.env.items() if name != "DOCKER_HOST"}
    for refused in (elsewhere.preview(), elsewhere.up(check=False)):
        assert refused.code != 0
        assert f"stack {site.stack} is on another Docker host than the one at" in refused.output
        assert f"which was at {daemon_of_its_own.address}" in refused.output
        assert "Traceback" not in refused.output
    adopts = re.search(r"`(docker volume create (\S+))` there says so", refused.output)
    assert adopts
    # Who says that it is that host is told next that the data is not on it.
    subprocess.run(adopts[1].split(), env=elsewhere.env, check=True, capture_output=True)
    try:
        assert "the data of stack" in elsewhere.preview().output
    finally:
        removes = ("docker", "volume", "rm", adopts[2])
        subprocess.run(removes, env=elsewhere.env, check=True, capture_output=True)
    # Config is enough to go where it was.
    site.configure(host=daemon_of_its_own.address)
    assert set(elsewhere.up().changes()) <= {"updated", "unchanged"}
    assert inventory(site) == wanted
    assert serves(site, daemon_of_its_own)
    site.unset("host")


def test_a_site_moves_to_another_host_as_the_page_says(
    site: Site, daemon_of_its_own: OwnDaemon
) -> None:
    key, password = site.secret("app.secretKey"), site.secret("admin.password")
    here = {name: value for name, value in site.env.items() if name != "DOCKER_HOST"}
    new = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    page = (ROOT / "docs/hosts.md").read_text().partition("### Move a site")[2]
    commands = page.partition("```sh\n")[2].partition("```")[0]
    for words, meant in {
        "pulumi destroy": "pulumi destroy --yes",
        "pulumi up": "pulumi up --yes",
        "-s shop": f"-s {site.stack}",
        "deployment=shop": f"deployment={site.deployment}",
        "ssh://deploy@web1.example.org": daemon_of_its_own.address,
        "ssh://deploy@web2.example.org": new,
        "debian:trixie-slim": BASE,
    }.items():
        assert words in commands
        commands = commands.replace(words, meant)
    site.configure(host=daemon_of_its_own.address)
    script = ("bash", "-euc", f"set -o pipefail\n{commands}")
    moved = run(script, cwd=site.folder, env=here, timeout=600)
    assert moved.code == 0, moved.output
    assert site.secret("app.secretKey") == key
    visitor = Browser(site.url)
    assert visitor.log_in("admin", password), "the data has come along"
    site.env = here
    assert set(site.preview().changes()) == {"unchanged"}
