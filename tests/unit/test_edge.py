"""The edge: one port on the loopback, and traffic to what has passed its gate."""

import re
from typing import Any, cast

import pulumi
import pulumi_docker as docker
import pytest

from components.edge import Edge, EdgeArgs, Traffic, TrafficArgs, configuration_id, render
from components.network import Network
from tests.unit.recorder import Recorder, deploy


def edge(**changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        retired = docker.Volume("retired", name="the-retirement-in-this-test")
        args = {"deployment": "shop", "image_id": "sha256:1", "network": "shop", "port": 8090}
        made = Edge(
            "shop",
            cast(EdgeArgs, {**args, **changes}),
            pulumi.ResourceOptions(depends_on=[retired]),
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
    ("name", "value"),
    [
        ("name", "shop-edge"),
        ("image", "sha256:1"),
        ("networkMode", "bridge"),
        ("networksAdvanced", [{"name": "shop"}]),
        ("restart", "unless-stopped"),
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
    assert recorder["shop-edge"].inputs["mounts"] == [mount]
    # Generated, so that a volume that was lost gets another name and is written again.
    assert "name" not in recorder["shop-edge-config"].inputs
    assert recorder["shop-edge-config"].options.ignoreChanges == ["labels"]


def test_the_old_edge_frees_name_and_port_first(recorder: Recorder) -> None:
    assert recorder["shop-edge"].options.deleteBeforeReplace is True


def test_the_edge_waits_for_what_held_its_port(recorder: Recorder) -> None:
    assert recorder["shop-edge"].waits_for == {"retired", "shop-edge-config"}


def test_both_belong_to_the_component_and_are_marked(recorder: Recorder) -> None:
    for key in ("shop-edge", "shop-edge-config"):
        assert recorder[key].parent == "Edge"
        assert {"deployment": "shop", "role": "edge"}.items() <= recorder[key].labels.items()


def test_the_network_is_the_deployments_own() -> None:
    def program() -> dict[str, Any]:
        return {"name": Network("shop", {"deployment": "shop", "stack": "o/p/s"}).network_name}

    recorder = deploy(program)
    assert recorder.outputs == {"name": "shop"}
    assert recorder["shop-network"].parent == "Network"
    assert recorder["shop-network"].inputs["driver"] == "bridge"
    marks = {"deployment": "shop", "role": "network", "stack": "o/p/s"}
    assert recorder["shop-network"].labels == marks
    # Another stack that takes the deployment over replaces nothing.
    assert recorder["shop-network"].options.ignoreChanges == ["labels"]


TRAFFIC: dict[str, Any] = {
    "edge": "shop-edge",
    "config_volume": "shop-edge-config-1",
    "backend": "shop-backend-1",
    "backend_port": 8000,
    "health_path": "/health/",
    "host": "www.example.org",
    "scheme": "https",
}


def traffic(**changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        gate = docker.Volume("gate", name="the-gate-in-this-test")
        args = cast(TrafficArgs, {**TRAFFIC, **changes})
        made = Traffic("shop", args, pulumi.ResourceOptions(depends_on=[gate]))
        docker.Container("follower", image="i", hostname=made.serving)
        return {"serving": made.serving}

    return deploy(program)


def test_traffic_is_switched_by_a_command_that_stays_the_same() -> None:
    switched = traffic()["shop-traffic"]
    assert switched.inputs["create"] == "python3 -m components.commands.switch"
    assert {"update", "delete"} & switched.inputs.keys() == set()
    assert switched.inputs["environment"]["EDGE"] == "shop-edge"
    assert switched.inputs["environment"]["BACKEND"] == "shop-backend-1"
    assert switched.inputs["logging"] == "stderr"
    assert switched.parent == "Traffic"


def test_traffic_waits_for_the_gate_and_outputs_for_traffic() -> None:
    recorder = traffic()
    assert recorder["shop-traffic"].waits_for == {"gate"}
    assert recorder["follower"].waits_for == {"shop-traffic"}
    assert recorder.outputs == {"serving": "shop-backend-1"}


@pytest.mark.parametrize(
    "changes", [{"backend": "shop-backend-2"}, {"config_volume": "shop-edge-config-2"}]
)
def test_another_backend_or_a_new_volume_switches_traffic(changes: dict[str, str]) -> None:
    first = traffic()["shop-traffic"].inputs["triggers"]
    assert traffic(**changes)["shop-traffic"].inputs["triggers"] != first


@pytest.mark.parametrize("changes", [{"health_path": "/ok"}, {"host": "b"}, {"scheme": "http"}])
def test_another_configuration_is_handed_over(changes: dict[str, str]) -> None:
    first = traffic()["shop-traffic"].inputs["stdin"]
    assert traffic(**changes)["shop-traffic"].inputs["stdin"] != first


def config(*backends: str, **changes: Any) -> list[str]:
    text = render(backends or ("b1",), cast(TrafficArgs, {**TRAFFIC, **changes}))
    return [line.strip() for line in text.splitlines()]


def test_one_server_for_each_backend() -> None:
    lines = config("shop-backend-1", "shop-backend-2")
    assert [line for line in lines if line.startswith("server ")] == [
        "server shop-backend-1 shop-backend-1:8000",
        "server shop-backend-2 shop-backend-2:8000",
    ]


def test_only_what_was_never_sent_is_sent_again() -> None:
    lines = config()
    assert [line for line in lines if "retry-on" in line] == ["retry-on conn-failure"]
    assert "option redispatch 1" in lines


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_application_learns_how_it_is_visited(scheme: str) -> None:
    lines = config(scheme=scheme)
    assert f"http-request set-header X-Forwarded-Proto {scheme}" in lines
    # What a visitor claims is dropped before the edge adds what it saw.
    assert "http-request del-header X-Forwarded-For" in lines
    assert "option forwardfor" in lines


def test_backends_are_probed_as_a_visitor_would_ask() -> None:
    assert (
        "http-check send meth GET uri /health/ ver HTTP/1.1 hdr Host www.example.org "
        "hdr X-Forwarded-Proto https"
    ) in config()


def test_a_server_is_found_anew_when_its_container_was_restarted() -> None:
    lines = config()
    assert "nameserver embedded 127.0.0.11:53" in lines
    assert any(
        line.startswith("default-server init-addr last,libc,none resolvers docker")
        for line in lines
    )


def test_the_public_port_serves_the_application_alone() -> None:
    lines = config()
    public = lines[lines.index("frontend public") : lines.index("frontend configuration")]
    assert "bind :8080" in public
    assert "default_backend application" in public
    assert not [line for line in public if "return" in line]


@pytest.mark.parametrize(
    "changes", [{"health_path": "/ok"}, {"host": "b"}, {"scheme": "http"}, {"backend_port": 1}]
)
def test_each_configuration_says_which_it_is(changes: dict[str, Any]) -> None:
    first, second = config("b1"), config("b1", **changes)
    assert configuration_id("\n".join(first)) != configuration_id("\n".join(second))
    assert config("b1") == first
    assert config("b2") != first


def test_the_switch_waits_for_that_very_configuration() -> None:
    inputs = traffic()["shop-traffic"].inputs
    wanted = inputs["environment"]["CONFIGURATION"]
    assert re.fullmatch("[0-9a-f]{16}", wanted)
    assert f'string "{wanted}"' in inputs["stdin"]


def test_no_placeholder_is_left() -> None:
    text = "\n".join(config())
    assert not re.search(r"[{}]|CONFIGURATION-ID", text)
