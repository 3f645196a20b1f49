"""Which containers run, and which of them visitors reach."""

import pytest

from components.host.what_serves import reached_backends, serving_containers
from tests.unit.fake_docker import FakeDocker


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
    cli.has_edge(*named).runs("b1", "2-a", "a1")
    cli.on_networks(("shop",), *({"a1", "2-a", "b1"} - set(named)))
    assert reached_backends("shop") == found
    assert serving_containers("shop") == found


def test_a_proxy_of_ones_own_reaches_those_on_its_network(cli: FakeDocker) -> None:
    cli.runs("b1", "a1")
    cli.on_networks(("shop", "shop-traffic"), "a1")
    cli.on_networks(("shop",), "b1")
    assert reached_backends("shop") == ["a1"]
    assert serving_containers("shop") == ["a1"]


def test_while_an_edge_takes_its_place_it_is_reached_still(cli: FakeDocker) -> None:
    cli.has_edge().runs("a1")
    cli.on_networks(("shop", "shop-traffic"), "a1")
    assert serving_containers("shop") == ["a1"]


def test_where_nothing_is_known_whatever_runs_may_serve(cli: FakeDocker) -> None:
    cli.runs("a1")
    cli.on_networks(("shop",), "a1")
    cli.gone("shop-traffic", "network")
    assert reached_backends("shop") == []
    assert serving_containers("shop") == ["a1"]


def test_what_is_not_on_a_proxys_network_does_not_serve(cli: FakeDocker) -> None:
    cli.runs("b1")
    cli.on_networks(("shop",), "b1")
    cli.on("network inspect shop-traffic", out=[{}])
    assert serving_containers("shop") == []


def test_what_is_taken_over_from_serves_as_far_as_it_runs(cli: FakeDocker) -> None:
    cli.on("container inspect web", out=[{"State": {"Running": True}}])
    cli.on("container inspect db", out=[{"State": {"Running": False}}])
    cli.gone("gone")
    assert serving_containers("shop", ["web", "db", "gone"]) == ["web"]
