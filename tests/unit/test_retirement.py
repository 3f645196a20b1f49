"""Retirement: what served until now is stopped, and kept."""

import json
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components.commands import one_shot, retire
from components.retirement import Retirement
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, deploy
from tests.unit.test_restore import Quiet


def retirement(*containers: str, times: int = 0) -> Recorder:
    def program() -> None:
        backend = docker.Volume("backend", name="the-backend-in-this-test")
        Retirement(
            "shop",
            {
                "containers": containers,
                "grace": 30,
                "edge": "shop-edge",
                "times": times,
            },
            pulumi.ResourceOptions(depends_on=[backend]),
        )

    return deploy(program)


def test_it_waits_for_the_new_backend() -> None:
    command = retirement("old_web_1")["shop-retirement"]
    assert command.waits_for == {"backend"}
    assert command.parent == "Retirement"


def test_it_runs_again_for_other_containers_alone() -> None:
    first, second = retirement("a"), retirement("a", "b")
    inputs = first["shop-retirement"].inputs
    assert json.loads(inputs["environment"]["CONTAINERS"]) == ["a"]
    assert inputs["environment"]["GRACE"] == "30"
    assert inputs["environment"]["EDGE"] == "shop-edge"
    assert inputs["triggers"] != second["shop-retirement"].inputs["triggers"]
    assert inputs["create"] == "exec python3 -m components.commands.retire"
    # Nothing starts them again when the stack is destroyed.
    assert "delete" not in inputs


def test_it_runs_again_when_it_is_needed_once_more() -> None:
    once, more = retirement("a")["shop-retirement"], retirement("a", times=1)["shop-retirement"]
    assert once.inputs["triggers"] == [["a"]]
    assert more.inputs["triggers"] == [["a"], 1]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_shot, "signal", Quiet())
    monkeypatch.setenv("CONTAINERS", '["web", "worker"]')
    monkeypatch.setenv("GRACE", "30")
    monkeypatch.setenv("EDGE", "shop-edge")


def container(*, running: bool = True, restart: str = "always", tries: int = 0) -> Any:
    policy = {"Name": restart, "MaximumRetryCount": tries}
    return [{"State": {"Running": running}, "HostConfig": {"RestartPolicy": policy}}]


RETIRED = [
    "update --restart=no web worker",
    "stop --time 30 web worker",
]
SERVE_AGAIN = [
    "update --restart=always web",
    "start web",
    "update --restart=on-failure:3 worker",
    "start worker",
]


@pytest.fixture
def served(cli: FakeDocker) -> FakeDocker:
    """Two containers that serve."""
    cli.on("container inspect web", out=container())
    return cli.on("container inspect worker", out=container(restart="on-failure", tries=3))


def changes(cli: FakeDocker) -> list[str]:
    return [call for call in cli.calls if "inspect" not in call]


def test_containers_are_stopped_not_restarted_and_kept(
    served: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    served.on("container inspect shop-edge", out=container())
    retire.main()
    assert changes(served) == RETIRED
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "web: stopped and kept; remove it with `docker rm web`"
    assert len(said) == 2, "the edge has traffic already: there is no need for a way back"


def test_where_they_make_room_for_the_edge_the_way_back_is_said(
    served: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    served.gone("shop-edge")
    retire.main()
    assert changes(served) == RETIRED
    said = capsys.readouterr().err
    assert "nothing serves until shop-edge does" in said
    assert (
        "`docker update --restart=no shop-edge && docker stop shop-edge; "
        "docker update --restart=always web && docker start web; "
        "docker update --restart=on-failure:3 worker && docker start worker`"
    ) in said


def test_without_an_edge_there_is_no_room_to_make(
    served: FakeDocker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE", "")
    retire.main()
    assert "nothing serves" not in capsys.readouterr().err


def test_one_that_its_owner_removed_is_no_error(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.gone("")
    retire.main()
    assert capsys.readouterr().err == "web: gone already\nworker: gone already\n"


def test_one_that_cannot_be_stopped_ends_the_update_and_lets_all_serve(
    served: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    served.gone("shop-edge")
    served.on("stop --time 30 web worker", code=1, err="oh no")
    with pytest.raises(SystemExit):
        retire.main()
    assert "retiring web, worker: oh no" in capsys.readouterr().err
    assert changes(served) == [*RETIRED, *SERVE_AGAIN]


def test_what_did_not_run_is_not_started(cli: FakeDocker) -> None:
    cli.on("container inspect web", out=container(running=False))
    cli.on("container inspect worker", out=container()).on("stop --time 30 web worker", code=1)
    cli.gone("shop-edge")
    with pytest.raises(SystemExit):
        retire.main()
    assert [call for call in changes(cli) if call.startswith("start")] == ["start worker"]
