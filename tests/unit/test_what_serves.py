"""Which containers run, and which of them visitors reach."""

import tarfile
from collections.abc import Sequence
from io import BytesIO

import pytest

from components.host.what_serves import reached_backends, serving_containers
from tests.unit.fake_docker import FakeDocker
from tests.unit.test_window import EVERY, LISTED


def config(*backends: str) -> bytes:
    """The edge's configuration, as docker copies it out of the container."""
    slots = [f"  server slot{n} {name}:8000" for n, name in enumerate(backends, 1)]
    free = "  server slot9 127.0.0.1:8000 disabled"
    content = "\n".join(["backend application", *slots, free, ""]).encode()
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("haproxy.cfg")
        entry.size = len(content)
        archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def runs(cli: FakeDocker, *names: str) -> None:
    cli.on(LISTED.format(role="backend"), out="\n".join(reversed(names)))


def on_networks(cli: FakeDocker, networks: Sequence[str], *containers: str) -> None:
    settings = {"NetworkSettings": {"Networks": dict.fromkeys(networks)}}
    for name in containers:
        cli.on(f"container inspect {name}", out=[settings])


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (["a1", "2-a"], ["a1", "2-a"]),
        (["2-a"], ["2-a"]),
        (["gone", "a1"], ["a1"]),
        ([], []),
    ],
)
def test_the_edge_says_whom_visitors_reach(
    cli: FakeDocker, named: list[str], found: list[str]
) -> None:
    cli.on(EVERY.format(role="edge"), out="edge\n")
    cli.on("cp edge:/var/lib/edge/haproxy.cfg -", out=config(*named))
    runs(cli, "a1", "2-a", "b1")
    on_networks(cli, ("shop",), *({"a1", "2-a", "b1"} - set(named)))
    assert reached_backends("shop") == found
    assert serving_containers("shop") == found


def test_a_proxy_of_ones_own_reaches_those_on_its_network(cli: FakeDocker) -> None:
    runs(cli, "a1", "b1")
    on_networks(cli, ("shop", "shop-traffic"), "a1")
    on_networks(cli, ("shop",), "b1")
    assert reached_backends("shop") == ["a1"]
    assert serving_containers("shop") == ["a1"]


def test_while_an_edge_takes_its_place_it_is_reached_still(cli: FakeDocker) -> None:
    cli.on(EVERY.format(role="edge"), out="edge\n")
    cli.on("cp edge:/var/lib/edge/haproxy.cfg -", out=config())
    runs(cli, "a1")
    on_networks(cli, ("shop", "shop-traffic"), "a1")
    assert serving_containers("shop") == ["a1"]


def test_where_nothing_is_known_whatever_runs_may_serve(cli: FakeDocker) -> None:
    runs(cli, "a1")
    on_networks(cli, ("shop",), "a1")
    cli.gone("shop-traffic", "network")
    assert reached_backends("shop") == []
    assert serving_containers("shop") == ["a1"]


def test_what_is_not_on_a_proxys_network_does_not_serve(cli: FakeDocker) -> None:
    runs(cli, "b1")
    on_networks(cli, ("shop",), "b1")
    cli.on("network inspect shop-traffic", out=[{}])
    assert serving_containers("shop") == []


def test_what_is_taken_over_from_serves_as_far_as_it_runs(cli: FakeDocker) -> None:
    cli.on("container inspect web", out=[{"State": {"Running": True}}])
    cli.on("container inspect db", out=[{"State": {"Running": False}}])
    cli.gone("gone")
    assert serving_containers("shop", ["web", "db", "gone"]) == ["web"]
