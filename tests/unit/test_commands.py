"""What commands have in common: they run anywhere, and say what the docker client said."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from components.host import client
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

STEPS = sorted(str(path) for path in Path("components").glob("*/*_step.py"))
PLAIN = [path.removesuffix(".py").replace("/", ".") for path in STEPS]


def test_the_contract_on_imports_names_every_step() -> None:
    contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (named,) = (c["source_modules"] for c in contracts if c["name"].startswith("Steps "))
    assert set(PLAIN) <= set(named)


def test_steps_need_the_standard_library_alone() -> None:
    assert "components.serving.gate_step" in PLAIN
    subprocess.run([sys.executable, "-S", "-c", f"import {', '.join(PLAIN)}"], check=True)


def test_failures_are_judged_by_the_command_and_nothing_is_printed_by_docker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[list[str], dict[str, object]]] = []
    monkeypatch.setattr("subprocess.run", lambda words, **options: calls.append((words, options)))
    client.docker("ps", stdin=b"x")
    ((words, options),) = calls
    assert words == ["docker", "ps"]
    assert options == {"input": b"x", "capture_output": True, "check": False} | {
        "timeout": None,
        "start_new_session": False,
        "env": None,
    }


def test_a_failure_says_what_was_being_done(cli: FakeDocker, command: Command) -> None:
    cli.on("kill", code=1, err="no such container\n")
    said = command.fails(client.docker_or_fail, "reloading the edge", "kill", "shop-edge")
    assert said == "reloading the edge: no such container\n"


def test_a_success_is_handed_on(cli: FakeDocker) -> None:
    cli.on("ps", out="all\n")
    assert client.docker_or_fail("looking", "ps") == b"all\n"


def test_inspect_tells_what_there_is(cli: FakeDocker) -> None:
    cli.on("container inspect a", out=[{"Id": "1"}]).gone("b")
    assert client.inspect("a") == {"Id": "1"}
    assert client.inspect("b") is None


@pytest.mark.parametrize(
    ("err", "is_fatal"),
    [
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock. Is it running?", True),
        ("error during connect: Get http://a/v1: EOF", True),
        ("error during connect: Get http://a/v1: read: connection reset by peer", True),
        ("", True),
        ("Error: No such container: a", False),
        ("Error response from daemon: No such container: a", False),
    ],
)
def test_a_daemon_that_is_gone_is_no_container_that_is_gone(
    cli: FakeDocker, command: Command, err: str, is_fatal: bool
) -> None:
    cli.on("container inspect a", code=1, err=err)
    if not is_fatal:
        assert client.inspect("a") is None
        return
    said = command.fails(client.inspect, "a")
    assert f"the Docker daemon does not answer: {err}" in said
