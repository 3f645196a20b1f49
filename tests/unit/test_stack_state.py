"""The stack's state is read once, and asked by the names of its resources."""

import json
import subprocess
from typing import Any

import pytest
from pydantic import SecretStr

from components.errors import UserError
from components.migrations.check import looks
from components.pulumi_cli import read_state
from components.serving.traffic import switches
from components.stack_state import StackState


def resource(name: str, id_: str = "", **inputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:s::p::t::{name}", "id": id_, "inputs": inputs}


def step(name: str, **triggers: Any) -> dict[str, Any]:
    return resource(name, name, triggers=[triggers])


def says(monkeypatch: pytest.MonkeyPatch, out: object, code: int = 0) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(words: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        return subprocess.CompletedProcess(words, code, json.dumps(out), "oh no\n")

    monkeypatch.setattr("subprocess.run", run)
    return asked


ENTRIES: list[dict[str, Any]] = [{"id": "a"}, {"urn": "component"}, {"id": "b", "delete": True}]


@pytest.mark.parametrize(
    ("out", "entries"),
    [
        ({"deployment": {"resources": ENTRIES}}, ENTRIES),
        ({"deployment": {"resources": None}}, []),
        ({"deployment": {}}, []),
        ({}, []),
    ],
)
def test_it_is_what_pulumi_exports(
    monkeypatch: pytest.MonkeyPatch, out: object, entries: list[dict[str, Any]]
) -> None:
    asked = says(monkeypatch, out)
    assert read_state("shop") == StackState.of(entries)
    words = ["stack", "export", "--show-secrets", "-s", "shop"]
    assert asked == [["pulumi", "--non-interactive", *words]]


def test_a_secret_is_decrypted_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    secret = {**mark, "plaintext": json.dumps("hush-hush")}
    entry = {
        "urn": "urn::shop-step",
        "id": "s",
        "inputs": {
            "stdin": secret,
            "plain": {"plaintext": "a"},
            "number": {**mark, "plaintext": "7"},
        },
        "outputs": {"stdin": secret},
    }
    says(monkeypatch, {"deployment": {"resources": [entry]}})
    state = read_state("shop")
    found = state["shop-step"]
    assert [found.secret(name) for name in ("stdin", "number", "plain", "none")] == [
        *("hush-hush", "", "", "")
    ]
    assert "hush-hush" not in f"{state!r} {found!r} {found.inputs} {found.outputs}"


def test_a_state_that_cannot_be_read_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, None, code=255)
    with pytest.raises(UserError, match="the state of stack shop can't be read") as error:
        read_state("shop")
    assert "`pulumi stack export -s shop` has to succeed; it said: oh no" in str(error.value)


def test_components_have_no_id() -> None:
    assert StackState.of(ENTRIES).ids == {"a", "b"}


def test_of_one_that_is_replaced_the_new_one_is_meant() -> None:
    old = {**resource("shop-job", "j1"), "delete": True}
    new = {**resource("shop-job", "j2"), "outputs": {"stdout": '{"steps": []}\n'}}
    found = StackState.of([{"urn": "urn::shop-job"}, old, new])["shop-job"]
    assert (found.name, found.id, found.result) == ("shop-job", "j2", {"steps": []})
    assert [r.id for r in StackState.of([old, new]).there] == ["j2"]


def test_what_is_not_there_is_empty() -> None:
    nothing = StackState()["shop-job"]
    assert not nothing
    assert (nothing.id, nothing.inputs, nothing.outputs, nothing.triggers) == ("", {}, {}, {})
    assert nothing.result is None


@pytest.mark.parametrize(
    ("steps", "again", "times"),
    [
        ([], False, 0),
        ([], True, 1),
        ([step("shop-retirement", containers=["a"], times=0)], False, 0),
        ([step("shop-retirement", containers=["a"], times=2)], False, 2),
        ([step("shop-retirement", containers=["a"], times=2)], True, 3),
    ],
)
def test_what_has_to_run_for_no_other_reason_is_counted(
    steps: list[dict[str, Any]], again: bool, times: int
) -> None:
    state = StackState.of([resource("other", "o"), *steps])
    assert state.times("shop-retirement", "times", again=again) == times


CHECKED = step("shop-migration-check", release="abc", looks=3)
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
    assert looks(StackState.of(state), "shop", replicas, gone) == number


@pytest.mark.parametrize(("before", "times"), [([], 0), ([step("shop-traffic", switches=2)], 2)])
def test_a_window_that_was_left_open_has_traffic_switched(
    before: list[dict[str, Any]], times: int
) -> None:
    state = StackState.of(before)
    assert switches(state, "shop", is_open=False) == times
    assert switches(state, "shop", is_open=True) == times + 1


def test_a_step_that_is_told_a_secret_has_a_result_all_the_same() -> None:
    said = SecretStr(json.dumps('{"image": "shop"}\n'))
    state = StackState.of([{**resource("shop-pushed", "p"), "outputs": {"stdout": said}}])
    assert state["shop-pushed"].result == {"image": "shop"}
