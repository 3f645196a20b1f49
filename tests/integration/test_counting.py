"""The decision matrix holds: what ran is counted after every step of a site's life.

The tests of one life build on each other, in order, on one deployment. At the end of the run the
matrix and the counts are printed side by side, as "planned = counted".
"""

import re
import time
from collections.abc import Callable, Iterator

import docker
import pytest

from components.ledger.plan import STRATEGIES, Switches, Up, execution_plan
from tests.integration.conftest import MakeSite
from tests.integration.counting import (
    MATRIX,
    Life,
    release_with_a_migration_and_new_styles,
)
from tests.integration.harness import Browser, visitors

DATABASES = ("sqlite", "postgres")
OTHERS = [name for name in STRATEGIES if name != "recommended"]

Begin = Callable[..., Life]
Show = Callable[[Life], None]


def switches(*, strategy: str = "recommended", collect_static_on_startup: bool = False) -> Switches:
    return Switches(
        strategy=strategy,
        collect_static_on_startup=collect_static_on_startup,
        seed_steps=("those of the stack",),
    )


def row(name: str, *, triggered: bool = False) -> Up:
    return Up(row=name, why="", triggered=triggered)


@pytest.fixture(scope="module", params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The engine that the site's data is kept in."""
    return str(request.param)


@pytest.fixture(scope="module")
def begin(make_site: MakeSite, database: str) -> Begin:
    """Deploy a new site for the first time."""

    def begin(name: str, chosen: Switches, stack: str = "clean-server") -> Life:
        site = make_site(f"count-{name}", stack=stack)
        site.configure(database__engine=database)
        if stack == "clean-server":
            site.configure(strategy=chosen.strategy)
        site.up()
        return Life(site=site, name=f"{name}, {database}", plan=execution_plan(chosen))

    return begin


@pytest.fixture
def begin_for_once(begin: Begin) -> Iterator[Begin]:
    """As `begin`, for a site of one test: a host has room for ten deployments' networks."""
    begun: list[Life] = []

    def begin_one(name: str, chosen: Switches, stack: str = "clean-server") -> Life:
        begun.append(begin(name, chosen, stack))
        return begun[-1]

    yield begin_one
    for life in begun:
        life.site.remove_everything()


@pytest.fixture(scope="module")
def life(begin: Begin) -> Life:
    return begin("recommended", switches())


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Iterator[Show]:
    """Have a life's new lines printed when all tests are over, even if this one fails."""
    shown: list[tuple[Life, int]] = []
    yield lambda life: shown.append((life, len(life.lines)))
    for life, before in shown:
        for line in life.lines[before:]:
            record_property(MATRIX, line)


def styles(life: Life) -> str:
    """The style sheet that the front page asks for."""
    browser = Browser(life.site.url)
    found = re.search(r'href="(/static/css/site\.?[0-9a-f]*\.css)"', browser.get("/")[1])
    assert found
    status, text = browser.get(found.group(1))
    assert status == 200, found.group(1)
    return text


@pytest.mark.essential("matrix")
def test_clean_server(life: Life, show: Show) -> None:
    show(life)
    life.count(row("clean server"), pending=life.migrations())
    life.check_outputs(row("clean server"))


def test_container_restart(life: Life, show: Show) -> None:
    show(life)
    life.restart()
    life.count(row("container restart"), pending=0)


def test_nothing_changed_means_that_nothing_runs(life: Life, show: Show) -> None:
    show(life)
    run = life.site.up(preview=True)
    assert "this up: nothing to do" in run.output
    assert set(run.changes()) == {"unchanged"}, run.output
    life.count(row("nothing to do"), pending=0)
    life.check_outputs(row("clean server"))


@pytest.mark.essential("matrix")
def test_code_update(life: Life, show: Show) -> None:
    show(life)
    release_with_a_migration_and_new_styles(life.site.folder, "tide")
    preview = life.site.preview().output
    assert re.search(r"this up: code update \(release \w+ follows \w+\)", preview)
    assert re.search(r"migrations: new: \S+; .* the database is copied before any runs", preview)
    assert "gap: none: what serves goes on until the new container has passed its gate" in preview
    assert re.search(r'row *: ("clean server" => )?"code update"', preview)
    life.site.up()
    life.count(row("code update"), pending=1)
    life.check_outputs(row("code update"))
    assert ".tide" in styles(life)


def test_re_deployment(life: Life, show: Show) -> None:
    show(life)
    life.site.configure(releases__redeploy=1)
    assert "this up: re-deployment (releases.redeploy is 1, was 0)" in life.site.preview().output
    life.site.up()
    life.count(row("re-deployment", triggered=True), pending=0)
    life.check_outputs(row("re-deployment", triggered=True))


def test_restart_after_a_crash_with_a_damaged_ledger(life: Life, show: Show) -> None:
    show(life)
    backend = life.backend
    starts = backend.attrs["State"]["StartedAt"]
    damage = r"printf '\377garbage, and no end of line' >> /srv/ledger/ledger.jsonl"
    assert backend.exec_run(["sh", "-c", damage]).exit_code == 0
    backend.exec_run(["sh", "-c", "kill -9 -1"])
    deadline = time.monotonic() + 60
    while backend.attrs["State"]["StartedAt"] == starts:
        assert time.monotonic() < deadline, "it was not started again"
        time.sleep(0.1)
        backend.reload()
    life.until_it_answers()
    life.count(row("container restart"), pending=0)


def test_code_update_that_changes_what_the_job_runs_for(life: Life, show: Show) -> None:
    show(life)
    # The steps are no part of a release: something else makes another one.
    life.site.configure(seed=["seed_roles", "seed_admin"], env={"TIDE": "low"})
    life.site.up()
    life.count(row("code update", triggered=True), pending=0)
    life.check_outputs(row("code update", triggered=True))


def test_another_configuration_of_the_container_counts_as_a_restart(life: Life, show: Show) -> None:
    show(life)
    life.site.configure(processes__web__workers=1)
    assert "this up: container restart" in life.site.preview().output
    life.site.up()
    life.count(row("container restart"), pending=0)
    life.check_outputs(row("container restart"))


def test_a_ledger_that_cannot_be_written_fails_nothing(life: Life) -> None:
    volume = {f"{life.site.deployment}-ledger": {"bind": "/ledger"}}
    image = life.site.outputs()["imageId"]
    docker.from_env().containers.run(
        image, ["chown", "-R", "0:0", "/ledger"], volumes=volume, user="0", remove=True
    )
    life.site.configure(releases__redeploy=2)
    run = life.site.up()
    assert "warning: ledger: migrate is not recorded in /srv/ledger/ledger.jsonl" in run.output
    account = life.site.outputs()["ledger"]
    assert account["agrees"] is False
    assert "migrate at startup: planned 1, ran 0" in account["differences"]
    assert Browser(life.site.url).get("/health/")[0] == 200


def test_development(begin_for_once: Begin, show: Show) -> None:
    life = begin_for_once(
        "development", switches(collect_static_on_startup=True), stack="development"
    )
    show(life)
    life.count(row("development"), pending=life.migrations())
    life.check_outputs(row("development"))


@pytest.mark.parametrize("strategy", OTHERS)
def test_another_strategy(begin_for_once: Begin, strategy: str, show: Show) -> None:
    life = begin_for_once(strategy, switches(strategy=strategy))
    show(life)
    life.count(row("clean server"), pending=life.migrations())
    life.check_outputs(row("clean server"))
    life.restart()
    life.count(row("container restart"), pending=0)
    release_with_a_migration_and_new_styles(life.site.folder, "ebb")
    with visitors(life.site.url) as statuses:
        life.site.up()
    assert set(statuses) == {200}, "an update loses no request, wherever static files come from"
    life.count(row("code update"), pending=1)
    life.check_outputs(row("code update"))
    assert ".ebb" in styles(life)
    foreign = life.backend.exec_run(["find", "/srv/static", "!", "-user", "10001"])
    assert foreign.output == b""
