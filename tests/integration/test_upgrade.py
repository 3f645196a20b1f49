"""Upgrading the program is an ordinary update: a site of the first release goes on with this one.

The site is deployed by the release's own program, from the repository's history, and then by this
checkout's, under load, on PostgreSQL: that is where there is most to replace by mistake.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import docker
import pytest

from bench.lead import Course, Lead
from bench.load_site import Update
from bench.loaded import Pulumi
from bench.outcome import Outcome
from bench.process import Followed
from bench.request_mix import Mix
from bench.takeover import asking
from bench.updates_report import latency, requests, updates
from components.host.docker_host import Host
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.elsewhere import Elsewhere, server_image
from tests.integration.harness import ROOT, Browser, Site
from tests.integration.released import FIRST, Released, unpack

REQUESTS = 5000
# Seconds without an answer that the preview states as "a second or two", on a slow machine.
STATED_GAP = 15.0
# All of them under a load, while a busy machine builds an image: what is in flight when
# the edge stops is cut off, and backends count as down for as long as their database is.
GAPS_UNDER_LOAD = 60.0
# What the preview states of each container that is replaced once, by what that is.
STATED = {
    "edge": "while the edge is replaced: connections are refused",
    "postgres": "while the database server is replaced: pages fail",
}


@dataclass(kw_only=True)
class Seen:
    """What there was of a site.

    Attributes:
        volumes: what tells each from another one of its name.
        containers: the id of each container that is no backend, by its name.
        jobs: the ids of the ledger's records of seeding jobs.
        secrets: those that were generated.
    """

    volumes: dict[str, str]
    containers: dict[str, str]
    jobs: list[str]
    secrets: dict[str, str]


def see(site: Site) -> Seen:
    """Look at a site."""
    client = docker.from_env()
    mine = site.labelled()
    return Seen(
        volumes=site.volumes(),
        containers={
            str(c.name): str(c.id)
            for c in client.containers.list(filters=mine)
            if c.labels["django-on-docker.role"] != "backend"
        },
        jobs=[str(r["id"]) for r in site.ledger() if r["operation"] == "seed"],
        secrets=site.generated_secrets(),
    )


class Upgraded(Pulumi):
    """A site of a released version, whose first update brings this program."""

    before: Seen
    stated: str

    def update(self) -> Followed:
        """New code, by the present program."""
        site = self.ours.site
        if site.checkout != ROOT:
            self.before = see(site)
            site.upgrade()
            self.stated = site.preview().output
        return super().update()


@dataclass(frozen=True)
class Upgrade:
    """It.

    Attributes:
        contender: the site.
        outcome: what became of the load meanwhile.
    """

    contender: Upgraded
    outcome: Outcome

    @property
    def site(self) -> Site:
        """The site, which this program deploys now."""
        return self.contender.ours.site


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    return unpack(FIRST, tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory, released: Released) -> Iterator[Upgrade]:
    contender = Upgraded(
        tmp_path_factory.mktemp("site"),
        f"t-upgrade-{token_hex(3)}",
        "postgres",
        checkout=released.folder,
        venv=released.venv,
    )
    course = Course(
        updates=[Update(release="1")],
        requests=REQUESTS,
        mix=Mix(rate=100.0),
    )
    try:
        folder = tmp_path_factory.mktemp("load")
        yield Upgrade(contender, Lead(contender, course, folder, print).go())
    finally:
        contender.destroy()


@pytest.mark.essential("upgrade")
def test_an_upgrade_under_load_fails_no_request_beyond_the_gaps_that_its_preview_states(
    upgrade: Upgrade, record_property: Callable[[str, object], None]
) -> None:
    found = {f"{FIRST} to this": upgrade.outcome}
    tables = (requests(found), f"latency, ms\n{latency(found)}", updates(upgrade.outcome))
    record_property(LOAD, "\n\n".join(tables))
    assert [update.code for update in upgrade.outcome.updates] == [0]
    assert len(upgrade.outcome.notes) >= REQUESTS
    gaps = gaps_of(upgrade.outcome)
    record_property(LOAD, f"gaps, s: {', '.join(f'{end - begin:.2f}' for begin, end in gaps)}")
    assert set(STATED) == {n for n, said in STATED.items() if said in upgrade.contender.stated}
    assert sum(end - begin for begin, end in gaps) < GAPS_UNDER_LOAD, upgrade.outcome.errors()
    assert upgrade.outcome.lost == []
    assert upgrade.outcome.doubled == []
    assert all(update.held for update in upgrade.outcome.updates)


@pytest.mark.essential("upgraded data")
def test_an_upgrade_replaces_and_loses_nothing_that_holds_data(upgrade: Upgrade) -> None:
    before, after = upgrade.contender.before, see(upgrade.site)
    assert f"{upgrade.site.deployment}-postgres" in before.volumes
    assert before.volumes.items() <= after.volumes.items()
    # Both are replaced, to be denied what those of the release were not.
    names = {f"{upgrade.site.deployment}-{role}" for role in STATED}
    assert before.containers.keys() == after.containers.keys() == names
    assert before.secrets
    assert before.secrets == after.secrets


def test_an_upgrade_runs_no_finished_job_again(upgrade: Upgrade) -> None:
    before, after = upgrade.contender.before, see(upgrade.site)
    assert before.jobs
    assert after.jobs == before.jobs
    assert upgrade.site.outputs()["ledger"]["agrees"] is True


def test_after_an_upgrade_nothing_changed_means_nothing_happens(upgrade: Upgrade) -> None:
    assert set(upgrade.site.up().changes()) == {"unchanged"}


def test_a_later_version_that_replaces_the_edge_says_so_and_its_gap_is_counted(
    upgrade: Upgrade, record_property: Callable[[str, object], None]
) -> None:
    """Such as one that brings another HAProxy: the one thing that can't be made beside the old."""
    site = upgrade.site
    with (site.folder / "deploy_runtime/edge/pages.py").open("a") as file:
        file.write(f"\n# {token_hex(4)}\n")
    edge = f"{site.deployment}-edge"
    said = site.preview().output
    assert STATED["edge"] in said
    assert STATED["postgres"] not in said
    before = see(site)
    with asking(site.url) as answers:
        site.up()
    after = see(site)
    failed: dict[int, int] = answers.failed()
    record_property(LOAD, f"the edge replaced: {answers.gap():.2f} s without an answer, {failed}")
    assert set(failed) <= {0}, "connections are refused, and no error is answered"
    assert answers.gap() < STATED_GAP
    assert _without(before.containers, edge) == _without(after.containers, edge)
    assert before.containers[edge] != after.containers[edge]
    assert (before.jobs, before.volumes) == (after.jobs, after.volumes)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    """A server of somebody else's, with a certificate that no public authority has signed."""
    image = server_image(tmp_path, Host().base_image("")[0])
    server = Elsewhere(image, tmp_path)
    yield server
    server.remove()
    docker.from_env().images.remove(image.id, force=True)


def test_a_server_elsewhere_that_nobody_looked_at_does_not_stop_the_site_without_a_word(
    make_site: MakeSite, released: Released, elsewhere: Elsewhere
) -> None:
    site = make_site("unlooked", checkout=released.folder, venv=released.venv)
    site.configure(database__engine="external", database__timeout=5)
    site.configure_secret(database__url=elsewhere.url())
    site.up()
    site.upgrade()
    says = "database.url names no sslmode: from now on the server's certificate is verified in full"
    assert says in site.preview().output
    backend = site.outputs()["containers"]["backend"]
    refused = site.up(check=False)
    assert refused.code != 0
    assert "nothing was changed" in refused.output
    assert "that no authority known here has signed" in refused.output
    assert site.outputs()["containers"]["backend"] == backend
    assert "Skarn Tooth" in Browser(site.url).get("/")[1]
    site.configure(database__ca=elsewhere.ca)
    site.up()
    assert "Skarn Tooth" in Browser(site.url).get("/")[1]
    again = site.up()
    assert set(again.changes()) == {"unchanged"}
    assert says not in again.output


def gaps_of(outcome: Outcome) -> list[tuple[float, float]]:
    """From when to when requests failed, each time; what is seconds apart is another time."""
    gaps: list[tuple[float, float]] = []
    for note in sorted(outcome.failed, key=lambda note: note.ended):
        if gaps and note.ended - gaps[-1][1] < 2.0:
            gaps[-1] = (gaps[-1][0], note.ended)
        else:
            gaps.append((note.ended, note.ended))
    return gaps


def _without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != name}
