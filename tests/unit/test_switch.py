"""Switching traffic: the edge is handed its configuration, and says whether it is in force."""

import io
import json
from types import ModuleType, SimpleNamespace

import pytest

from components.migrations import aftermath, window
from components.place import DEPLOYMENT, Place
from components.serving import traffic_step, users_proxy_network_step, users_proxy_step
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

CONFIG = b"frontend public\n"
APPLY = "exec -i edge python3 /usr/local/lib/edge/control.py apply"


RUNS = {
    "State": {"Running": True},
    "Config": {"Labels": {"django-on-docker.deployment": "shop"}},
    "NetworkSettings": {"Networks": {"shop-front": {}, "shop-ingress": {}}},
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(CONFIG)))
    values = {
        "EDGE": "edge",
        "NETWORK": "shop-traffic",
        "ALIAS": "shop",
        "BACKENDS": "new-1 new-2",
        "LABELS": json.dumps(Place("shop").labels("traffic-network")),
        "OWNER": f"{DEPLOYMENT}=shop",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_the_edge_is_handed_its_configuration(cli: FakeDocker) -> None:
    cli.on("container inspect edge", out=[RUNS])
    traffic_step.main()
    assert cli.calls == ["container inspect edge", APPLY]
    assert cli.stdin == [None, CONFIG]


@pytest.mark.parametrize("command", [traffic_step, users_proxy_step])
def test_a_window_ends_once_visitors_reach_the_new_release(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    ended: list[tuple[str, int]] = []
    monkeypatch.setenv("BACKENDS", "")
    monkeypatch.setattr(window, "end", lambda name, **_: ended.append((name, len(cli.calls))))
    if command is traffic_step:
        cli.on("container inspect edge", out=[RUNS])
    if command is users_proxy_step:
        cli.on("network inspect shop-traffic", out=[{}])
    command.main()
    assert ended == [("shop", len(cli.calls))]


def test_an_edge_that_refuses_fails_the_update(
    cli: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftermath, "explain", lambda _: "What was serving goes on serving.")
    cli.on("container inspect edge", out=[RUNS])
    cli.on(APPLY, code=1, err="b2 is not up within 30 s")
    said = "switching traffic: b2 is not up within 30 s\nWhat was serving goes on serving.\n"
    assert command.fails(traffic_step.main) == said


MADE = (
    f"network create --label {DEPLOYMENT}=shop --label django-on-docker.role=traffic-network "
    "shop-traffic"
)


@pytest.fixture
def there(cli: FakeDocker) -> None:
    """The network is there, and bears the deployment's label."""
    cli.on("network inspect shop-traffic", out=[{"Labels": {DEPLOYMENT: "shop"}}])


@pytest.mark.usefixtures("there")
def test_backends_get_the_name_that_a_proxy_asks_for_once(cli: FakeDocker) -> None:
    cli.on_networks(["shop", "shop-traffic"], "new-1")
    cli.on_networks(["shop"], "new-2")
    users_proxy_step.main()
    connected = [call for call in cli.calls if call.startswith("network connect")]
    assert connected == ["network connect --alias shop shop-traffic new-2"]


def test_a_network_that_was_pruned_is_made_again(cli: FakeDocker) -> None:
    cli.gone("shop-traffic", "network")
    cli.on_networks(["shop"], "new-1")
    cli.on_networks(["shop"], "new-2")
    users_proxy_step.main()
    changed = [call for call in cli.calls if "inspect" not in call]
    joined = "network connect --alias shop shop-traffic"
    assert changed == [MADE, f"{joined} new-1", f"{joined} new-2"]


def test_nothing_is_let_onto_another_deployments_network(cli: FakeDocker, command: Command) -> None:
    cli.on("network inspect shop-traffic", out=[{"Labels": {DEPLOYMENT: "shop-traffic"}}])
    for main, words in ((users_proxy_step.main, ()), (users_proxy_network_step.main, ("create",))):
        assert "belongs to deployment shop-traffic" in command.fails(main, *words)
    users_proxy_network_step.main("remove")
    assert set(cli.calls) == {"network inspect shop-traffic"}


@pytest.mark.usefixtures("there")
def test_a_backend_that_is_gone_or_refused_fails_the_update(
    cli: FakeDocker, command: Command
) -> None:
    cli.gone("new-1")
    assert "there is no container new-1" in command.fails(users_proxy_step.main)


def test_the_network_is_made_once_and_marked(cli: FakeDocker) -> None:
    cli.gone("", "network").on("network inspect", out=[{"Containers": {}}])
    users_proxy_network_step.main("create")
    users_proxy_network_step.main("create")
    made = [call for call in cli.calls if not call.startswith("network inspect")]
    assert made == [MADE]


def test_the_network_goes_but_not_from_under_others(cli: FakeDocker, command: Command) -> None:
    on_it = {"1a": {"Name": "shop-backend-1"}, "2b": {"Name": "nginx"}}
    cli.on("network inspect shop-traffic", out=[{"Containers": on_it}])
    cli.on("ps --quiet --no-trunc --filter label=django-on-docker.deployment=shop", out="1a\n3c\n")
    cli.on("network rm shop-traffic", code=1, err="has active endpoints")
    said = command.says(users_proxy_network_step.main, "remove")
    assert cli.calls[2:] == [
        "network disconnect --force shop-traffic 1a",
        "network rm shop-traffic",
    ]
    assert said == "warning: the network shop-traffic is kept: it is used by nginx\n"


def test_a_network_that_is_gone_is_no_error(cli: FakeDocker) -> None:
    cli.gone("shop-traffic", "network")
    users_proxy_network_step.main("remove")
    assert cli.calls == ["network inspect shop-traffic"]
