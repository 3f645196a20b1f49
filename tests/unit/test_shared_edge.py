"""What people are told of an edge that sites share: its sites, and what is wrong with it."""

import json
from typing import Any
from unittest.mock import Mock

import pytest

from components import stack_outputs
from components.operate import doctor, logs, shared_edge, status
from components.serving import haproxy_tls
from components.serving.haproxy_tls import Tls
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from toolchain import farewell
from toolchain.progress import Progress

NAME = "shop-shared-edge"
LABELS = {"django-on-docker.role": "shared-edge", "django-on-docker.deployment": "shop"}
SITES = {"example.org": "one-edge", "b.org": "two-edge"}


def state(running: bool, *networks: str, labels: Any = None) -> list[dict[str, Any]]:
    now = {"Status": "running" if running else "exited", "Running": running}
    return [
        {
            "State": {**now, "StartedAt": "2026-01-01T10:00:00.123Z"},
            "Config": {"Labels": labels or {}},
            "NetworkSettings": {"Networks": dict.fromkeys(networks)},
        }
    ]


@pytest.fixture
def shared(cli: FakeDocker) -> FakeDocker:
    """The deployment is a shared edge with two sites behind it."""
    cli.has(NAME, role="shared-edge")
    return cli


def well(cli: FakeDocker, *, second: bool = True) -> None:
    cli.on(f"container inspect {NAME}", out=state(True, labels=LABELS))
    cli.on(f"exec {NAME} python3 -m deploy_runtime.shared show", out=SITES)
    cli.on("container inspect one-edge", out=state(True, "shop-shared"))
    cli.on("container inspect two-edge", out=state(second, "shop-shared"))


def silent(cli: FakeDocker) -> None:
    for role in ("backend", "edge", "postgres"):
        cli.has(role=role)


def test_its_sites_are_shown(shared: FakeDocker, command: Command) -> None:
    silent(shared)
    well(shared)
    command.fails(status.main, words=["shop"], code=0)
    facts, table = command.out.strip().split("\n\n")
    assert f"container    {NAME}" in facts
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["b.org", "two-edge", "runs"],
        ["example.org", "one-edge", "runs"],
    ]


def test_as_json(shared: FakeDocker, command: Command) -> None:
    silent(shared)
    well(shared)
    command.fails(status.main, words=["shop", "--json"], code=0)
    assert json.loads(command.out)["sites"] == SITES


def test_a_site_that_is_not_reached_is_a_problem(shared: FakeDocker, command: Command) -> None:
    silent(shared)
    well(shared, second=False)
    command.fails(status.main, words=["shop"], code=1)
    assert "two-edge does not run: visitors of its domains get nothing" in command.out
    assert f"`docker exec {NAME} python3 -m deploy_runtime.shared remove two-edge`" in command.out


def test_one_that_does_not_run_is_a_problem(shared: FakeDocker, command: Command) -> None:
    silent(shared)
    shared.on(f"container inspect {NAME}", out=state(False, labels=LABELS))
    command.fails(status.main, words=["shop"], code=1)
    assert f"no site behind it is reached: `docker start {NAME}`" in command.out


def test_one_that_can_say_nothing_is_a_problem(shared: FakeDocker, command: Command) -> None:
    silent(shared)
    shared.on(f"container inspect {NAME}", out=state(True, labels=LABELS))
    shared.on(f"exec {NAME}", code=1)
    command.fails(status.main, words=["shop"], code=1)
    assert f"can't say which sites it has: `docker logs --tail 50 {NAME}`" in command.out


@pytest.mark.parametrize(
    ("there", "sites", "says"),
    [
        (state(True), {"example.org": "one-edge"}, []),
        (state(True), {"b.org": "two-edge"}, ["passes no visitor on to one-edge: `pulumi up`"]),
        (state(False), {}, ["which does not run: `docker start shop-shared-edge`"]),
        (None, {}, ["which does not run: `make up STACK=shop` makes it"]),
    ],
)
def test_a_site_that_nobody_is_passed_on_to_says_so(
    cli: FakeDocker, there: Any, sites: dict[str, str], says: list[str]
) -> None:
    if there is None:
        cli.gone(NAME)
    else:
        cli.on(f"container inspect {NAME}", out=there)
    if there and there[0]["State"]["Running"]:
        cli.on(f"exec {NAME} python3 -m deploy_runtime.shared show", out=sites)
    told = list(shared_edge.problems_of_site("shop", "one-edge"))
    assert len(told) == len(says)
    assert all(part in said for part, said in zip(says, told, strict=True))


def test_its_log_is_shown(
    shared: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(return_value=0)
    monkeypatch.setattr(logs, "docker_followed", asked)
    silent(shared)
    shared.on(f"container inspect {NAME}", out=state(True, labels=LABELS))
    command.fails(logs.main, words=["shop"], code=0)
    assert asked.call_args.args == ("logs", "--tail", "100", NAME)


@pytest.mark.parametrize(("second", "found"), [(True, ["good"]), (False, ["wrong"])])
def test_a_doctor_looks_at_it(shared: FakeDocker, second: bool, found: list[str]) -> None:
    silent(shared)
    well(shared, second=second)
    told = list(doctor._site("shop"))
    assert [(one.of, one.state) for one in told] == [("shared edge", each) for each in found]


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ({}, "none yet: each names this deployment in site.sharedEdge"),
        (SITES, ["one: example.org", "two: b.org"]),
    ],
)
def test_what_make_up_says_at_its_end(
    sites: dict[str, str], said: object, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    behind = stack_outputs.behind(sites)
    assert behind == said
    outputs = {"deployment": "front", "ports": "80, 443", "sites": behind}
    monkeypatch.setattr(farewell, "answer", lambda *_, **__: (True, json.dumps(outputs)))
    farewell.say_where_it_is("host", {}, Progress())
    told = capsys.readouterr().out
    assert "on the ports 80, 443" in told
    assert "site: {sharedEdge: front}" in told
    assert all(line in told for line in ([behind] if isinstance(behind, str) else behind))


def test_whom_it_passes_on_that_is_said_first() -> None:
    def text(*, shared: bool) -> str:
        told = haproxy_tls.parts(
            Tls(hsts=0, shared=shared), "https://example.org", {}, plain_port=8080
        )
        return "\n".join(told.values())

    with_it, without = text(shared=True), text(shared=False)
    assert with_it.count(" accept-proxy") == 4
    assert with_it.replace(" accept-proxy", "") == without
