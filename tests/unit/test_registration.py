"""How a site's domains come to lead to it at a shared edge, and when they lead nowhere again."""

from typing import Any, cast

import pytest

from components.serving import registration_step
from components.serving.registration import Registration, RegistrationArgs, times_lost
from components.stack_state import StackState
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, after, deploy

TOLD = {
    "SHARED_EDGE": "host-shared-edge",
    "EDGE": "shop-edge",
    "DOMAINS": "www.example.org example.org",
    "LOST": "0",
}
STATE = {
    "Image": "sha256:shared",
    "Config": {"Labels": {"django-on-docker.deployment": "host"}},
    "State": {"Running": True},
}
TELL = "python3 -m deploy_runtime.shared"


def registration(**changes: object) -> Recorder:
    def program() -> dict[str, Any]:
        args = {
            "deployment": "shop",
            "shared": "host",
            "domains": ("www.example.org", "example.org"),
            "lost": 0,
        }
        Registration("shop", cast(RegistrationArgs, {**args, **changes}), after("traffic"))
        return {}

    return deploy(program)


def test_it_waits_until_the_site_can_serve() -> None:
    step = registration()["shop-domains"]
    assert "traffic" in step.waits_for
    assert step.inputs["environment"] == TOLD
    assert step.inputs["delete"].endswith("serving.registration_step remove")


@pytest.mark.parametrize("changes", [{"domains": ("example.org",)}, {"lost": 1}])
def test_other_domains_are_told_in_place(changes: dict[str, object]) -> None:
    before, later = registration()["shop-domains"], registration(**changes)["shop-domains"]
    assert before.inputs != later.inputs
    # The end of one that was replaced would take away what leads to the site by then.
    assert before.triggers == later.triggers == {"shared": "host"}
    assert "update" not in before.inputs


def test_another_shared_edge_is_told_and_then_the_one_before() -> None:
    assert registration(shared="other")["shop-domains"].triggers == {"shared": "other"}


@pytest.mark.parametrize(
    ("there", "led", "lost"),
    [
        (None, [], 0),
        (TOLD, ["example.org", "www.example.org"], 0),
        (TOLD, [], 1),
        (TOLD, ["example.org"], 1),
        ({**TOLD, "LOST": "2"}, ["example.org", "www.example.org"], 2),
        ({**TOLD, "LOST": "2"}, [], 3),
    ],
)
def test_what_the_shared_edge_lost_is_told_again(
    there: dict[str, str] | None, led: list[str], lost: int
) -> None:
    step = {
        "urn": "urn:pulumi:live::p::command:local:Command::shop-domains",
        "id": "d1",
        "inputs": {"environment": there},
    }
    state = StackState.of([step] if there else [])
    assert times_lost(state, "shop", led=led) == lost


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, cli: FakeDocker) -> FakeDocker:
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    return cli


def test_the_shared_edge_is_told(told: FakeDocker, command: Command) -> None:
    command.says(registration_step.main, [])
    assert told.calls == [f"exec host-shared-edge {TELL} put shop-edge www.example.org example.org"]


def test_what_it_refuses_fails_the_update(told: FakeDocker, command: Command) -> None:
    told.on("exec host-shared-edge", code=1, err="example.org leads to blog-edge already")
    said = command.fails(registration_step.main, [])
    assert "on to shop-edge: example.org leads to blog-edge already" in said


def test_before_the_site_goes_nobody_is_let_in(told: FakeDocker, command: Command) -> None:
    told.on("container inspect host-shared-edge", out=[STATE])
    command.says(registration_step.main, ["remove"])
    assert told.calls[-1] == f"exec host-shared-edge {TELL} remove shop-edge"


def test_one_that_does_not_run_starts_without_the_site(told: FakeDocker, command: Command) -> None:
    stopped = {**STATE, "State": {"Running": False}}
    told.on("container inspect host-shared-edge", out=[stopped])
    command.says(registration_step.main, ["remove"])
    assert told.calls[-1].endswith(
        f"--network none --volumes-from host-shared-edge sha256:shared {TELL} forget shop-edge"
    )


def test_a_shared_edge_that_has_gone_holds_nobody_up(told: FakeDocker, command: Command) -> None:
    told.gone("host-shared-edge")
    command.says(registration_step.main, ["remove"])
    assert len(told.calls) == 1
