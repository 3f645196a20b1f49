"""What a failed release leaves behind: what serves, and which migrations it committed."""

import json
from typing import Any

import pytest

from components.migrations import aftermath, window
from tests.unit.fake_docker import FakeDocker
from tests.unit.fake_notes import FakeNotes

CHECK: dict[str, Any] = {
    "stack": "live",
    "release": "new0123456789",
    "pending": ["shop.0002_x", "shop.0003_y"],
    "unsafe": [],
    "copied": True,
    "backup": {"id": "20260102T030405Z-old01234"},
}
DESCRIBED: dict[str, Any] = {
    "deployment": "shop",
    "networks": ["shop"],
    "restrictions": ["--cap-drop", "ALL"],
    "memory": 0,
    "image": "shop:new",
    "mount": ["type=volume,source=shop-data,target=/srv/data"],
    "env": ["DEPLOY_DATABASE_TIMEOUT=60"],
    "flags": ["--run-syncdb"],
    "retire": [],
}
ASKED = "run --rm --init --name shop-migration-check"


def has(cli: FakeDocker, *names: str) -> None:
    """Let the database have these migrations."""
    cli.on(ASKED, out=f"noise\n{json.dumps(names)}\n")


def left(noted: FakeNotes, **changes: Any) -> str:
    noted.check = {**CHECK, **changes}
    return aftermath.explain(DESCRIBED)


def test_where_nothing_was_pending_the_database_is_not_asked(
    cli: FakeDocker, noted: FakeNotes
) -> None:
    cli.serves("old")
    assert left(noted, pending=[]) == "What was serving goes on serving."
    noted.check = None
    assert aftermath.explain(DESCRIBED) == "What was serving goes on serving."
    assert not [call for call in cli.calls if call.startswith("run")]


def test_what_was_committed_is_named_with_the_way_back(cli: FakeDocker, noted: FakeNotes) -> None:
    cli.serves("old")
    has(cli, "shop.0001_initial", "shop.0002_x")
    said = left(noted)
    assert said.startswith("What was serving goes on serving.\n")
    assert "Migrations that this release has committed: shop.0002_x." in said
    assert "backup 20260102T030405Z-old01234" in said
    assert "`make restore STACK=live BACKUP=20260102T030405Z-old01234`" in said
    (asked,) = [call for call in cli.calls if call.startswith(ASKED)]
    assert asked.endswith(
        "--env DEPLOY_DATABASE_TIMEOUT=60 --env DEPLOY_DATABASE_TIMEOUT=5 "
        "shop:new python -m deploy_runtime.applied --run-syncdb"
    )


def test_what_was_there_before_is_not(cli: FakeDocker, noted: FakeNotes) -> None:
    cli.serves("old")
    has(cli, "shop.0001_initial")
    assert left(noted) == "What was serving goes on serving."


@pytest.mark.parametrize(("code", "out"), [(1, ""), (0, ""), (0, "no json")])
def test_a_database_that_cannot_be_asked_may_have_them(
    cli: FakeDocker, noted: FakeNotes, code: int, out: str
) -> None:
    cli.serves("old")
    cli.on(ASKED, code=code, out=out)
    said = left(noted)
    assert "could not be asked: shop.0002_x, shop.0003_y." in said
    assert "`make restore STACK=live" in said


def test_without_a_copy_that_is_said(cli: FakeDocker, noted: FakeNotes) -> None:
    has(cli, "shop.0002_x")
    # A copy of an earlier update is no way back from this one.
    assert "No copy of the database was made" in left(noted, copied=False)


def test_where_nothing_served_that_is_said(cli: FakeDocker, noted: FakeNotes) -> None:
    cli.runs("first-replica")
    cli.on_networks(("shop",), "first-replica")
    assert left(noted, pending=[]) == "Nothing was serving."
    # The edge of a first update is there before anything serves.
    cli.has_edge()
    assert left(noted, pending=[]) == "Nothing was serving."


def test_what_is_taken_over_from_goes_on_serving(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.check = {**CHECK, "pending": []}
    cli.on("container inspect web", out=[{"State": {"Running": True}}])
    assert (
        aftermath.explain({**DESCRIBED, "retire": ["web"]}) == "What was serving goes on serving."
    )


def test_what_is_stopped_is_not_said_to_serve(cli: FakeDocker, noted: FakeNotes) -> None:
    cli.serves()
    noted.check = {**CHECK, "pending": []}
    said = aftermath.explain({**DESCRIBED, "serves": "a"})
    assert "Nothing serves, and visitors see the maintenance page" in said
    assert "`python3 -m components.migrations.window shop`" in said


def test_a_window_is_closed_where_the_old_version_can_live_with_it(
    cli: FakeDocker, noted: FakeNotes
) -> None:
    noted.open_window("shop.0003_y")
    has(cli, "shop.0002_x")
    cli.on("container inspect old", out=[{}])
    said = left(noted)
    assert said.startswith("What was stopped serves again: old.")
    assert "has committed: shop.0002_x." in said


def test_it_stays_open_where_it_cannot(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window("shop.0002_x")
    has(cli, "shop.0002_x")
    said = left(noted)
    assert "Nothing serves: what was stopped can't live with shop.0002_x" in said
    assert "`make restore STACK=live" in said
    # Nor after another attempt, which has nothing to commit any more.
    assert "can't live with shop.0002_x" in left(noted, pending=[], unsafe=[])
    assert not [call for call in cli.calls if call.startswith("start")]
    assert window.is_open("shop")


def test_it_stays_open_where_nobody_knows(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window("shop.0002_x")
    cli.on(ASKED, code=1)
    assert "shop.0002_x, which may be in the database" in left(noted)
    assert window.is_open("shop")


def test_what_fails_after_the_switch_did_not_commit_them(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.check = CHECK
    noted.open_window()
    cli.on("container inspect old", out=[{"State": {"Running": False}}])
    aftermath.settle(DESCRIBED)
    assert not window.is_open("shop")
    cli.serves("old")
    assert aftermath.explain(DESCRIBED) == "What was serving goes on serving."
