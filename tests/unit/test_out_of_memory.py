"""Who was killed for its memory, and what is said of it."""

from typing import Any

import pytest

from components.host import out_of_memory
from tests.unit.fake_docker import FakeDocker

EVENTS = "events --since 24h --until 0s --filter container=web"
INSPECT = "container inspect web"


def state(*, running: bool = True, killed: bool = False, megabytes: int = 0) -> dict[str, Any]:
    return {
        "Name": "/web",
        "State": {"Running": running, "OOMKilled": killed},
        "HostConfig": {"Memory": megabytes * 1024**2},
    }


def explained(cli: FakeDocker, events: str, **found: Any) -> str:
    cli.on(EVENTS, out=events).on(INSPECT, out=[state(**found)])
    return out_of_memory.explain("web", "processes.memory")


def test_a_kill_names_the_key_and_the_limit(cli: FakeDocker) -> None:
    said = explained(cli, "create\noom\n", megabytes=128)
    assert "it was killed for taking more memory than processes.memory allows, 128 MB" in said
    assert "`pulumi config set --path processes.memory 256 -s STACK`" in said


def test_without_a_limit_it_is_the_hosts_memory(cli: FakeDocker) -> None:
    said = explained(cli, "", killed=True)
    assert "the Docker host has no memory left" in said
    assert "processes.memory bounds it" in said


@pytest.mark.parametrize("events", ["", "create\n", "create\noom\ncreate\n"])
def test_what_befell_an_earlier_one_of_that_name_is_nothing(cli: FakeDocker, events: str) -> None:
    assert explained(cli, events, megabytes=128) == ""


@pytest.mark.parametrize(
    ("counted", "count"),
    [
        ("low 0\noom 1\noom_kill 3\noom_group_kill 0\n", 3),
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2),
        ("", 0),
    ],
)
def test_of_one_that_runs_its_control_group_knows(
    cli: FakeDocker, counted: str, count: int
) -> None:
    cli.on("exec web cat", code=1, out=counted)
    assert out_of_memory.kills(state()) == count
    said = out_of_memory.problem(state(megabytes=64), "edge")
    assert ("site.edgeMemory allows, 64 MB" in said) == bool(count)


def test_of_one_that_ended_the_daemon_does(cli: FakeDocker) -> None:
    assert out_of_memory.kills(state(running=False, killed=True)) == 1
    assert cli.calls == []
