"""The key `host`: what it may say, and that the daemon is the one of before."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.docker_address import docker_address
from components.errors import UserError
from components.host import client
from components.host.docker_host import Host
from components.host.identity import PREFIX, identify, times_made
from components.stack_state import StackState
from tests.unit.fake_daemon import FakeDaemon

WEB1 = "ssh://deploy@web1.example.org"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ""),
        (WEB1, WEB1),
        (f"{WEB1}:2222/", f"{WEB1}:2222"),
        ("ssh://Web1", "ssh://Web1"),  # an alias of ~/.ssh/config has its capitals
        ("ssh://web1", "ssh://web1"),
        ("ssh://ada@[2001:db8::1]:22", "ssh://ada@[2001:db8::1]:22"),
        ("unix:///run/user/1000/docker.sock", "unix:///run/user/1000/docker.sock"),
    ],
)
def test_an_address_is_taken_in_its_one_spelling(said: str, meant: str) -> None:
    assert docker_address(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "web1.example.org",
        "deploy@web1.example.org",
        "http://web1",
        "https://web1",
        "ssh://",
        "ssh://-oProxyCommand=sh",
        "ssh://-l@web1",
        "ssh://web1:port",
        "ssh://web1:99999",
        "ssh://web1/run/docker.sock",
        "ssh://web1?x=1",
        "ssh://we b1",
        "ssh://ada@[web1",
        "unix://run/docker.sock",
        "unix:///",
        "npipe:////./pipe/docker_engine",
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(said: str) -> None:
    with pytest.raises(ValueError, match="must be ssh://USER@HOST, with :PORT"):
        docker_address(said)


def test_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="give it a key") as raised:
        docker_address("ssh://ada:open-sesame@web1")
    assert "open-sesame" not in str(raised.value)


def test_plain_tcp_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="whoever reaches the port is root"):
        docker_address("tcp://web1:2375")


def test_the_program_asks_there_too_whatever_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def run(words: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        seen.append(options["env"])
        return subprocess.CompletedProcess(words, 0, b"", b"")

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")
    host = Host(WEB1)
    host.statuses()
    assert host.answers()
    assert {env["DOCKER_HOST"] for env in seen} == {WEB1}
    assert not any("DOCKER_CONTEXT" in env for env in seen)
    assert all(env["PATH"] == os.environ["PATH"] for env in seen)


def test_files_are_read_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker"
    program.write_text(f'#!/bin/sh\n[ "$DOCKER_HOST" = {WEB1} ] && echo something\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert client.has_file("there", "/data/f", at=WEB1)
    assert not client.has_file("there", "/data/f")


def test_a_daemon_that_does_not_answer_is_named_with_its_key(daemon: FakeDaemon) -> None:
    daemon.failing = "ssh: connect to host web1.example.org port 22: Connection refused"
    with pytest.raises(UserError, match=rf"no Docker daemon answers at {WEB1} \(host\)"):
        Host(WEB1)


def state(identity: str = "", **more: str) -> StackState:
    """A stack's state that knows its host, and has a network there."""
    step = {
        "urn": "urn::host",
        "type": "command:local:Command",
        "id": "c1",
        "inputs": {"triggers": [{"identity": identity, "made": 0}]},
    }
    provider = {"urn": "urn::docker", "type": "pulumi:providers:docker", "id": "p", "inputs": more}
    network = {"urn": "urn::shop", "type": "docker:index/network:Network", "id": "shop-front-id"}
    return StackState.of([provider, network, *([step] if identity else [])])


def marked(daemon: FakeDaemon, *identities: str) -> Host:
    daemon.found = {f"{PREFIX}{one}": None for one in identities}
    return Host()


def test_the_first_stack_on_a_host_names_it_anew(daemon: FakeDaemon) -> None:
    first, second = (identify(StackState(), marked(daemon)) for _ in range(2))
    assert first != second
    assert first.isalnum()


def test_the_next_ones_take_the_name_that_it_has(daemon: FakeDaemon) -> None:
    assert identify(StackState(), marked(daemon, "b", "a")) == "a"
    assert identify(state(), marked(daemon, "b")) == "b", "made by a version that named none"


def test_a_stack_stays_on_its_daemon_whatever_its_address(daemon: FakeDaemon) -> None:
    assert identify(state("b", host="ssh://old"), marked(daemon, "a", "b")) == "b"


@pytest.mark.parametrize("here", [(), ("a",)])
def test_another_daemon_is_refused_with_both_named_and_the_ways_out(
    daemon: FakeDaemon, here: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as raised:
        identify(state("b", host=WEB1), marked(daemon, *here))
    said = str(raised.value)
    assert "is on another Docker host than the one at unix:///run/docker.sock" in said
    assert f"it is on b, which was at {WEB1}; here is " in said
    assert (", ".join(here) or "no site of any stack") in said
    assert f"`pulumi config set host {WEB1} -s " in said
    assert f"`docker volume create {PREFIX}b` there says so" in said
    assert "Move a site" in said


def test_where_the_address_is_the_same_nothing_is_said_of_setting_it_back(
    daemon: FakeDaemon,
) -> None:
    with pytest.raises(UserError) as raised:
        identify(state("b", host="unix:///run/docker.sock"), marked(daemon, "a"))
    assert "config set host" not in str(raised.value)


def test_a_volume_that_was_tidied_away_is_made_anew_on_the_same_daemon(daemon: FakeDaemon) -> None:
    daemon.nets = {"shop-front": {}}
    host = marked(daemon)
    assert identify(state("b"), host) == "b", "what is in its state is there"
    assert times_made(state("b"), host, "b") == 1
    assert times_made(state("b"), marked(daemon, "b"), "b") == 0
    assert times_made(StackState(), marked(daemon), "b") == 0
