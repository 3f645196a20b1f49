"""An edge is started in the place of what has its port: proven before, and undone if it fails."""

import io
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.container_defaults import HELPER
from components.serving import takeover, traffic_step
from components.serving.takeover import TakeoverError
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.tar import tar_of

EDGE: dict[str, Any] = {
    "Name": "/shop-edge",
    "Image": "sha256:e",
    "Config": {"Labels": {"django-on-docker.deployment": "shop"}},
    "State": {"Running": False},
    "NetworkSettings": {"Networks": {"shop-front": {}, "shop-ingress": {}}},
    "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]}},
}
RUNS = {**EDGE, "State": {"Running": True}}
PROVEN = [
    "network disconnect --force shop-ingress shop-edge",
    "start shop-edge",
    "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply",
]
STALE = tar_of(b"  server slot1 b1:8000\n", "haproxy.cfg")
FORGOTTEN = [
    "stop --time 5 shop-edge",
    "run --rm --init --name shop-edge-configuration --label django-on-docker.deployment=shop "
    "--label django-on-docker.role=edge-configuration --log-driver none --network none "
    f"--volumes-from shop-edge {' '.join(HELPER.options())} "
    "sha256:e python3 /usr/local/lib/edge/control.py forget",
]
TAKEN = ["stop --time 9 web", "network connect shop-ingress shop-edge"]
UNDONE = [
    "stop --time 5 shop-edge",
    "network disconnect --force shop-ingress shop-edge",
    "start web",
]


def container(*, port: str = "", running: bool = True, network: str = "bridge") -> Any:
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": port}] if port else None}
    return [
        {
            "State": {"Running": running},
            "HostConfig": {"NetworkMode": network},
            "NetworkSettings": {"Ports": ports},
        }
    ]


@pytest.fixture
def served(cli: FakeDocker) -> FakeDocker:
    """One container has the port, and another works behind it."""
    cli.on("container inspect shop-edge", out=[EDGE])
    cli.on("container inspect web", out=container(port="80"))
    return cli.on("container inspect worker", out=container())


start = partial(takeover.serve, "shop-edge", b"config", retire=["web", "worker"], grace=9)


def changes(cli: FakeDocker) -> list[str]:
    return [
        call for call in cli.calls if "inspect" not in call and not call.startswith(("ps", "cp"))
    ]


def test_it_is_proven_before_what_has_its_port_stops(served: FakeDocker, command: Command) -> None:
    said = command.says(start)
    assert changes(served) == [*PROVEN, *TAKEN]
    assert served.stdin[served.calls.index(PROVEN[-1])] == b"config"
    assert said.startswith("takeover: web stopped in 0.")
    assert "shop-edge has the port 0." in said


@pytest.mark.parametrize("failing", PROVEN[1:])
def test_one_that_is_not_proven_stops_nothing(served: FakeDocker, failing: str) -> None:
    served.on(failing, code=1, err="b2 is not up within 30 s")
    with pytest.raises(TakeoverError, match=r"before anything was stopped.*b2 is not up"):
        start()
    assert changes(served) == [*PROVEN[: PROVEN.index(failing) + 1], *UNDONE]
    assert not [call for call in changes(served) if call.startswith("stop") and "web" in call]


@pytest.mark.parametrize("failing", TAKEN)
def test_one_that_does_not_get_its_port_lets_the_others_serve_again(
    served: FakeDocker, failing: str
) -> None:
    served.on(failing, code=1, err="port is already allocated")
    with pytest.raises(TakeoverError, match="can't take its port: port is already all") as raised:
        start()
    assert str(raised.value).endswith("\nweb was started again.")
    assert changes(served) == [*PROVEN, *TAKEN[: TAKEN.index(failing) + 1], *UNDONE]


def test_one_that_has_its_port_is_handed_its_configuration(cli: FakeDocker) -> None:
    cli.on("container inspect shop-edge", out=[RUNS])
    start()
    assert changes(cli) == PROVEN[2:]


def test_one_that_was_left_without_a_port_goes_on(cli: FakeDocker) -> None:
    # Whoever began was killed: it runs, and reaches the backends, and nobody reaches it.
    left = {**RUNS, "NetworkSettings": {"Networks": {"shop-front": {}}}}
    cli.on("container inspect shop-edge", out=[left])
    cli.on("container inspect web", out=container(port="80"))
    cli.on("container inspect worker", out=container())
    start()
    assert changes(cli) == [*PROVEN[1:], *TAKEN]


def test_servers_of_an_earlier_time_are_forgotten(served: FakeDocker) -> None:
    served.on("cp shop-edge:/var/lib/edge/haproxy.cfg -", out=STALE)
    start()
    assert changes(served) == [PROVEN[0], *FORGOTTEN, *PROVEN[1:], *TAKEN]


def test_where_they_cannot_be_forgotten_nothing_is_stopped(served: FakeDocker) -> None:
    served.on("cp shop-edge:/var/lib/edge/haproxy.cfg -", out=STALE)
    served.on("run --rm", code=1, err="No space left on device")
    with pytest.raises(TakeoverError, match=r"before anything was stopped.*No space left"):
        start()
    assert changes(served) == [PROVEN[0], *FORGOTTEN, *UNDONE]


def test_where_the_port_is_free_nobody_stops(cli: FakeDocker) -> None:
    cli.on("container inspect shop-edge", out=[EDGE])
    cli.on("container inspect web", out=container(port="80", running=False))
    cli.on("container inspect worker", out=container(port="81"))
    start()
    assert changes(cli) == [*PROVEN, TAKEN[1]]


def test_what_is_on_the_hosts_network_may_have_the_port(cli: FakeDocker) -> None:
    cli.on("container inspect shop-edge", out=[EDGE])
    cli.on("container inspect web", out=container(network="host"))
    cli.on("container inspect worker", out=container())
    start()
    assert changes(cli) == [*PROVEN, *TAKEN]


def test_one_that_is_gone_can_only_be_made_again(cli: FakeDocker) -> None:
    cli.gone("shop-edge")
    with pytest.raises(TakeoverError, match="pulumi up --refresh"):
        start()


def test_a_switch_that_fails_brings_back_what_served(
    served: FakeDocker,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    check_file: Path,
) -> None:
    described = {**json.loads(check_file.read_text()), "retire": ["web", "worker"], "grace": 9}
    check_file.write_text(json.dumps(described))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"config")))
    command.environ(EDGE="shop-edge")
    served.on(TAKEN[1], code=1, err="no")
    said = command.fails(traffic_step.main)
    assert changes(served)[:8] == [*PROVEN, *TAKEN, *UNDONE]
    assert "switching traffic: shop-edge can't take its port: no\nweb was started again.\n" in said
