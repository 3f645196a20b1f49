"""What has to be done again, without anything that it depends on having changed, is counted."""

from pathlib import Path
from typing import Any

import pytest

from components.counted import last, looks, repeats, switches


def resource(name: str, id_: str = "", **inputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:s::p::t::{name}", "id": id_, "inputs": inputs}


@pytest.mark.parametrize(
    ("triggers", "again", "times"),
    [
        ([["a"]], False, 0),
        ([["a"]], True, 1),
        ([["a"], 2], False, 2),
        ([["a"], 2], True, 3),
    ],
)
def test_what_was_started_again_is_retired_once_more(
    triggers: list[Any], again: bool, times: int
) -> None:
    state = [resource("other"), resource("shop-retirement", "r", triggers=triggers)]
    assert repeats(state, "shop-retirement", again=again) == times
    assert last(state, "shop-retirement") == state[1]


def test_the_first_retirement_is_none_more() -> None:
    assert repeats([], "shop-retirement", again=True) == 0
    assert last([], "shop-retirement") == {}


CHECKED = resource("shop-migration-check", "c", triggers=["abc", "f1", "3"])
FIRST, SECOND = resource("shop-backend", "b1"), resource("shop-backend-2", "b2")


@pytest.mark.parametrize(
    ("state", "replicas", "gone", "number"),
    [
        pytest.param([], 1, [], 1, id="nothing is there"),
        pytest.param([CHECKED, FIRST], 1, [], 3, id="it goes on, or failed its gate"),
        pytest.param([CHECKED], 1, [], 4, id="recovery removed what failed"),
        pytest.param([CHECKED, FIRST], 1, ["b1"], 4, id="somebody removed it"),
        pytest.param([CHECKED, FIRST], 1, ["b2"], 3, id="another one is gone"),
        pytest.param([CHECKED, FIRST], 2, [], 4, id="one more replica"),
        pytest.param([CHECKED, FIRST, SECOND], 2, ["b2"], 4, id="a replica is gone"),
        pytest.param([CHECKED, {**FIRST, "delete": True}], 1, [], 4, id="it is to be deleted"),
    ],
)
def test_before_a_backend_is_made_it_is_looked(
    state: list[dict[str, Any]], replicas: int, gone: list[str], number: int
) -> None:
    assert looks(state, "shop", replicas, gone) == number


def test_a_check_of_an_older_program_knows_no_number() -> None:
    before = resource("shop-migration-check", "c", triggers=["abc", "f1"])
    assert looks([before, FIRST], "shop", 1, []) == 0


def test_a_window_that_was_left_open_has_traffic_switched(build_folder: Path) -> None:
    switched = resource("shop-traffic", "t", triggers=["b1", "v", "2"])
    assert switches([], "shop") == 0
    assert switches([switched], "shop") == 2
    note = build_folder / "shop/window.json"
    note.parent.mkdir(parents=True)
    note.touch()
    assert switches([switched], "shop") == 3
    assert switches([], "shop") == 1
