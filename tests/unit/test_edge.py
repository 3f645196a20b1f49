"""The edge: one port on the loopback, and a configuration that outlives its container."""

from typing import Any, cast

import pytest

from components.serving.edge import Edge, EdgeArgs, is_held_back
from components.serving.network import Network
from components.stack_state import Resource
from tests.unit.recorder import Recorder, after, deploy


def edge(**changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        args = {
            "deployment": "shop",
            "image_id": "sha256:1",
            "stack": "o/p/s",
            "front": "shop-front",
            "port": 8090,
            "memory": 0,
            "cpus": 0.0,
            "held_back": False,
        }
        made = Edge(
            "shop",
            cast(EdgeArgs, {**args, **changes}),
            after("retired"),
        )
        return {"container": made.container, "config_volume": made.config_volume}

    return deploy(program)


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return edge()


def test_only_the_loopback_is_published(recorder: Recorder) -> None:
    ports = recorder["shop-edge"].inputs["ports"]
    assert ports == [{"internal": 8080, "external": 8090, "ip": "127.0.0.1"}]


@pytest.mark.parametrize(
    ("ipv6", "ports"),
    [
        (False, [(8080, 80, "0.0.0.0"), (8443, 443, "0.0.0.0")]),
        (
            True,
            [(8080, 80, "0.0.0.0"), (8081, 80, "::"), (8443, 443, "0.0.0.0"), (8444, 443, "::")],
        ),
    ],
)
def test_an_edge_that_ends_tls_is_reached_by_the_world(
    ipv6: bool, ports: list[tuple[int, int, str]]
) -> None:
    made = edge(public={"http": 80, "https": 443, "ipv6": ipv6})["shop-edge"]
    assert [(p["internal"], p["external"], p["ip"]) for p in made.inputs["ports"]] == ports
    assert made.labels["tls"] == "true"


def test_an_edge_without_tls_is_as_it_was(recorder: Recorder) -> None:
    # Another label would replace it.
    assert recorder["shop-edge"].labels == {"deployment": "shop", "role": "edge"}
    assert edge(public=None)["shop-edge"].inputs == recorder["shop-edge"].inputs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "shop-edge"),
        ("image", "sha256:1"),
        ("networkMode", "bridge"),
        ("networksAdvanced", [{"name": "shop-front"}, {"name": "shop-ingress"}]),
        ("restart", "always"),
        ("mustRun", True),
        ("destroyGraceSeconds", 5),
        ("logDriver", "json-file"),
        ("logOpts", {"max-size": "10m", "max-file": "3"}),
    ],
)
def test_how_the_container_runs(recorder: Recorder, name: str, value: object) -> None:
    assert recorder["shop-edge"].inputs[name] == value


def test_its_configuration_is_in_a_volume(recorder: Recorder) -> None:
    volume = recorder.outputs["config_volume"]
    mount = {"type": "volume", "source": volume, "target": "/var/lib/edge"}
    # The spool is on disk, and goes with its container.
    spool = {"type": "volume", "target": "/var/spool/edge"}
    assert recorder["shop-edge"].inputs["mounts"] == [mount, spool]
    # Generated, so that a volume that was lost gets another name and is written again.
    assert "name" not in recorder["shop-edge-config"].inputs
    assert recorder["shop-edge-config"].options.ignoreChanges == ["labels"]


def test_the_old_edge_frees_name_and_port_first(recorder: Recorder) -> None:
    assert recorder["shop-edge"].options.deleteBeforeReplace is True


def test_the_edge_waits_for_what_held_its_port(recorder: Recorder) -> None:
    assert recorder["shop-edge"].waits_for == {"retired", "shop-edge-config", "shop-ingress"}


@pytest.mark.parametrize("held_back", [True, False])
def test_where_its_port_is_taken_it_is_made_and_not_started(held_back: bool) -> None:
    inputs = edge(held_back=held_back)["shop-edge"].inputs
    assert (inputs["start"], inputs["mustRun"]) == (not held_back, not held_back)


THERE = {"id": "e1", "inputs": {"start": True}}
HELD = {"id": "e1", "inputs": {"start": False}}


@pytest.mark.parametrize(
    ("last", "gone", "taken", "held_back"),
    [
        ({}, (), False, False),
        ({}, (), True, True),
        (THERE, (), False, False),
        (HELD, (), False, True),
        (HELD, ("e1",), False, False),
        (HELD, ("e1",), True, True),
        (THERE, ("e1",), True, True),
        ({"id": "e1", "inputs": {}}, (), False, False),
    ],
)
def test_how_it_was_made_is_no_change(
    last: dict[str, Any], gone: tuple[str, ...], taken: bool, held_back: bool
) -> None:
    assert is_held_back(Resource(last), vanished=gone, port_is_taken=taken) == held_back


def test_both_belong_to_the_component_and_are_marked(recorder: Recorder) -> None:
    for key in ("shop-edge", "shop-edge-config"):
        assert recorder[key].parent == "Edge"
        assert {"deployment": "shop", "role": "edge"}.items() <= recorder[key].labels.items()


def test_the_networks_are_the_deployments_own() -> None:
    def program() -> dict[str, Any]:
        made = Network("shop", {"deployment": "shop", "stack": "o/p/s"})
        return {"name": made.network_name, "front": made.front_name}

    recorder = deploy(program)
    assert recorder.outputs == {"name": "shop", "front": "shop-front"}
    made = (recorder["shop-network"], recorder["shop-front"], edge()["shop-ingress"])
    # The edge gets its port on the one of its networks that leads out, and out by no other.
    assert [one.inputs["internal"] for one in made] == [False, True, False]
    assert [one.parent for one in made] == ["Network", "Network", "Edge"]
    for one in made:
        assert one.inputs["driver"] == "bridge"
        assert one.labels == {"deployment": "shop", "role": "network", "stack": "o/p/s"}
        # Another stack that takes the deployment over replaces nothing.
        assert one.options.ignoreChanges == ["labels"]
