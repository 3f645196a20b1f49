"""What the state knows, but the host has not: it is made anew, and data is never made up."""

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components.errors import UserError
from components.host.vanished import CONTAINER, IMAGE, NETWORK, VOLUME, Vanished, find_vanished
from components.serving.gate_rejection import Rejection
from components.stack_state import StackState
from tests.unit.recorder import Recorder, deploy


@dataclass
class Host:
    """What is on a pretended host, by id or name."""

    containers: dict[str, str] = field(default_factory=lambda: {"b1": "running", "e1": "running"})
    nets: set[str] = field(default_factory=lambda: {"n1"})
    vols: set[str] = field(default_factory=lambda: {"shop-data", "shop-secrets"})
    images: set[str] = field(default_factory=lambda: {"shop:1"})
    rejected: Rejection | None = None

    def statuses(self) -> dict[str, str]:
        return self.containers

    def networks(self) -> frozenset[str]:
        return frozenset(self.nets)

    def volumes(self) -> frozenset[str]:
        return frozenset(self.vols)

    def has_image(self, name: str) -> bool:
        return name in self.images

    def rejection(self, container: str) -> Rejection | None:
        assert container == "b1"
        return self.rejected


def resource(type_: str, key: str, id_: str, role: str = "", **more: Any) -> dict[str, Any]:
    labels = [{"label": "django-on-docker.role", "value": role}]
    made = {"type": type_, "urn": f"urn:pulumi:s::p::parent${type_}::{key}", "id": id_}
    return {**made, "inputs": {"labels": labels}, "outputs": {"name": id_}, **more}


def vanished(entries: list[dict[str, Any]], *more: Any) -> Vanished:
    return find_vanished(StackState.of(entries), *more)


def gate(of: str) -> dict[str, Any]:
    made = resource("command:local:Command", "shop-gate", "g1")
    return {**made, "inputs": {"triggers": [{"container": of}]}}


BACKEND = resource(CONTAINER, "shop-backend", "b1", "backend")
STATE = [
    {"type": "x:index:Backend", "urn": "urn:pulumi:s::p::x:index:Backend::shop"},
    BACKEND,
    gate("b1"),
    resource(CONTAINER, "shop-edge", "e1", "edge"),
    resource(NETWORK, "shop-network", "n1", "network"),
    resource(VOLUME, "shop-data", "shop-data", "data"),
    resource(VOLUME, "shop-secrets", "shop-secrets", "secrets"),
    resource(IMAGE, "shop-release", "sha256:1shop:1", outputs={"name": "shop:1"}),
]


def test_nothing_vanished_where_everything_is_there() -> None:
    found = vanished(STATE, Host())
    assert (found.ids, found.said, found.lost) == (frozenset(), (), ())
    assert set(found.numbers.values()) == {0}


def test_a_host_is_asked_for_nothing_that_the_state_does_not_know() -> None:
    assert vanished([], None).ids == frozenset()


@pytest.mark.parametrize(
    ("host", "key", "says"),
    [
        (Host(containers={"e1": "running"}), (CONTAINER, "shop-backend"), "container b1 is gone"),
        (
            Host(containers={"b1": "exited", "e1": "running"}),
            (CONTAINER, "shop-backend"),
            "container b1 was stopped",
        ),
        (
            Host(containers={"b1": "running", "e1": "exited"}),
            (CONTAINER, "shop-edge"),
            "container e1 was stopped",
        ),
        (Host(nets=set()), (NETWORK, "shop-network"), "network n1 is gone"),
        (Host(vols={"shop-data"}), (VOLUME, "shop-secrets"), "volume shop-secrets is gone"),
        (Host(images=set()), (IMAGE, "shop-release"), "image shop:1 is gone"),
    ],
    ids=["container", "stopped", "edge", "network", "volume", "image"],
)
def test_what_vanished_gets_another_number(host: Host, key: tuple[str, str], says: str) -> None:
    found = vanished(STATE, host)
    assert {k for k, number in found.numbers.items() if number} == {key}
    (line,) = found.said
    assert line.startswith(says)
    assert line.endswith(": it is made anew")
    assert found.lost == ()


@pytest.mark.parametrize("status", ["running", "restarting", "paused"])
def test_the_daemon_takes_care_of_what_was_not_stopped(status: str) -> None:
    assert not vanished(STATE, Host(containers={"b1": status, "e1": "running"})).ids


def test_a_release_that_failed_its_gate_is_not_tried_again() -> None:
    failed = [BACKEND, gate("b0")]
    assert not vanished(failed, Host(containers={"b1": "exited"})).ids
    assert vanished(failed, Host(containers={})).ids == {"b1"}


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"processes.web.gateTimeout": "4"}, None),
        ({}, None),
        ({"other": "x"}, None),
        ({"processes.web.gateTimeout": "60"}, "processes.web.gateTimeout is 60 now instead of 4"),
        (
            {"processes.web.gateTimeout": "60", "paths": "/b"},
            "paths is /b now instead of /a, processes.web.gateTimeout is 60 now instead of 4",
        ),
    ],
)
def test_a_release_that_failed_its_gate_is_tried_again_by_other_terms(
    terms: dict[str, str], says: str | None
) -> None:
    rejected = Rejection(
        problem="too slow", lines="", terms={"processes.web.gateTimeout": "4", "paths": "/a"}
    )
    host = Host(containers={"b1": "exited"}, rejected=rejected)
    found = vanished([BACKEND, gate("b0")], host, terms)
    assert found.ids == ({"b1"} if says else frozenset())
    if says:
        assert found.said[0].startswith(
            f"container b1 did not pass its gate (too slow), and {says}"
        )


def test_one_that_passed_and_was_stopped_by_hand_is_not_asked() -> None:
    host = Host(containers={"b1": "exited", "e1": "running"})
    assert (
        vanished(STATE, host, {"processes.web.gateTimeout": "60"})
        .said[0]
        .startswith("container b1 was stopped")
    )


def test_what_is_to_be_deleted_may_be_gone() -> None:
    assert not vanished([{**BACKEND, "delete": True}], Host(containers={})).ids


def test_a_number_stays_and_goes_up() -> None:
    state = [{**BACKEND, "replacementTrigger": "3"}, gate("b1")]
    key = (CONTAINER, "shop-backend")
    assert vanished(state, Host()).numbers[key] == 3
    assert vanished(state, Host(containers={})).numbers[key] == 4


@pytest.mark.parametrize("role", ["data", "media", "postgres"])
def test_data_that_is_gone_is_an_error(role: str) -> None:
    found = vanished([resource(VOLUME, "shop-x", "shop-x", role)], Host())
    assert found.lost == ("shop-x",)
    with pytest.raises(UserError) as error:
        found.check("shop", "shop_prod")
    said = str(error.value)
    assert "the data of stack shop is gone from the Docker host: there is no volume shop-x" in said
    assert "docs/databases.md" in said
    label = "django-on-docker.deployment=shop_prod"
    assert f"`docker volume create --label {label} shop-x`" in said
    assert "pulumi destroy -s shop" in said


def test_a_server_that_is_gone_is_made_anew_over_its_data() -> None:
    found = vanished([resource(CONTAINER, "shop-server", "p1", "postgres")], Host())
    assert found.ids == {"p1"}
    assert not found.lost
    found.check("shop", "shop_prod")


def program(found: Any) -> Recorder:
    def make() -> dict[str, Any]:
        found.replace()
        docker.Container("shop-backend", image="shop:1")
        docker.Container("shop-edge", image="shop:1")
        docker.Provider("docker")
        return {}

    return deploy(make)


def test_the_engine_is_told_by_a_number_that_is_there_from_the_beginning() -> None:
    recorder = program(vanished(STATE, Host(containers={"e1": "running"})))
    told = {key: resource.options for key, resource in recorder.resources.items()}
    assert told["shop-backend"].replacement_trigger.string_value == "1"
    assert told["shop-edge"].replacement_trigger.string_value == "0"
    assert not told["docker"].HasField("replacement_trigger")


def test_what_vanished_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    program(vanished(STATE, Host(images=set())))
    assert said == ["image shop:1 is gone from the host: it is made anew"]
