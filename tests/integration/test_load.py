"""Three updates under a constant load, one of them broken, on each database: nothing is lost.

The long form, beside other ways to deploy: `python -m bench.updates`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from secrets import token_hex

import pytest

from bench.lead import Course, Lead
from bench.load_site import plan
from bench.loaded import Pulumi
from bench.outcome import Outcome, Updated
from bench.request_mix import SLOW, Mix
from bench.updates_report import latency, requests, updates
from tests.integration.conftest import LOAD

REQUESTS = 5000
MIX = Mix(rate=100.0)
# Seconds without any good answer that a busy machine may take; a site that is down takes longer.
LONGEST_GAP = 3.0


@pytest.fixture(scope="module", params=[("sqlite", "crash"), ("postgres", "migration")], ids=str)
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcome]:
    database, fault = request.param
    folder = tmp_path_factory.mktemp("load")
    course = Course(
        updates=[replace(u, fault=fault) if u.fault else u for u in plan(3, 1)],
        requests=REQUESTS,
        mix=MIX,
    )
    site = Pulumi(folder, f"t-load-{database}-{token_hex(3)}", database)
    try:
        yield Lead(site, course, folder, print).go()
    finally:
        site.destroy()


def good(outcome: Outcome) -> list[Updated]:
    return [update for update in outcome.updates if not update.fails]


def test_no_request_fails(
    outcome: Outcome,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    name = str(request.node.callspec.params["outcome"][0])
    found = {name: outcome}
    tables = (requests(found), f"latency, ms\n{latency(found)}", updates(outcome))
    record_property(LOAD, "\n\n".join(tables))
    assert len(outcome.notes) >= REQUESTS
    assert outcome.errors() == {}
    assert outcome.gap() < LONGEST_GAP


def test_each_write_is_there_exactly_once(outcome: Outcome) -> None:
    assert len(outcome.acknowledged) > REQUESTS / 5
    assert outcome.lost == []
    assert outcome.doubled == []


def test_good_releases_come_to_serve_and_the_broken_one_never_does(outcome: Outcome) -> None:
    assert [update.code != 0 for update in outcome.updates] == [False, True, False]
    for update in outcome.updates:
        assert update.held, update.said
    assert outcome.strays == 0


def test_5_second_requests_and_kept_connections_outlast_each_switch(outcome: Outcome) -> None:
    for update in good(outcome):
        assert update.serving is not None
        switched = update.began + update.serving
        meanwhile = [n for n in outcome.notes if n.kind in SLOW and n.due < switched < n.ended]
        assert meanwhile, "no 5-second request was on its way"
        idle = [note for note in outcome.notes if note.connection == "idle 0"]
        before = {n.release for n in idle if update.began < n.ended < switched}
        after = {n.release for n in idle if n.due > switched}
        assert before, "no idle visitor came before the switch"
        assert update.release in after, "no idle visitor met the new release"
