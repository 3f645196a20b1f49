"""Retirement: what served until now is stopped, and kept."""

import json

import pulumi
import pulumi_docker as docker
import pytest

from components.commands import retire
from components.retirement import Retirement
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, deploy


def retirement(*containers: str) -> Recorder:
    def program() -> None:
        backend = docker.Volume("backend", name="the-backend-in-this-test")
        Retirement(
            "shop",
            {"containers": containers, "grace": 30},
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
    assert inputs["triggers"] != second["shop-retirement"].inputs["triggers"]
    assert inputs["create"] == "python3 -m components.commands.retire"
    # Nothing starts them again when the stack is destroyed.
    assert "delete" not in inputs


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERS", '["web", "worker"]')
    monkeypatch.setenv("GRACE", "30")


def test_containers_are_stopped_not_restarted_and_kept(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.on("container inspect", out=[{}])
    retire.main()
    assert [call for call in cli.calls if "inspect" not in call] == [
        "update --restart=no web",
        "stop --time 30 web",
        "update --restart=no worker",
        "stop --time 30 worker",
    ]
    assert "web: stopped and kept; remove it with `docker rm web`" in capsys.readouterr().out


def test_one_that_its_owner_removed_is_no_error(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.on("container inspect", code=1)
    retire.main()
    assert capsys.readouterr().out == "web: gone already\nworker: gone already\n"


def test_one_that_cannot_be_stopped_ends_the_update(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.on("container inspect", out=[{}]).on("stop --time 30 web", code=1, err="oh no")
    with pytest.raises(SystemExit):
        retire.main()
    assert "retiring web: oh no" in capsys.readouterr().err
    assert "worker" not in " ".join(cli.calls)
