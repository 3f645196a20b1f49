"""The Docker host: where it is, whether it answers, and whether the port is free there."""

import subprocess
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import docker.errors
import psutil
import pytest
import requests

from components.errors import UserError
from components.host.docker_host import Host, find_address
from tests.unit.fake_daemon import EDGE, FakeDaemon, claim, problems


def test_an_empty_host_is_ready(daemon: FakeDaemon) -> None:
    assert problems() == ()


@pytest.mark.parametrize(
    ("labels", "retire", "taken"),
    [
        ({}, (), True),
        ({}, ("holder",), False),
        (EDGE, (), False),
        ({**EDGE, "django-on-docker.deployment": "blog"}, (), True),
        ({**EDGE, "django-on-docker.role": "backend"}, (), True),
    ],
)
def test_the_port_is_free_or_its_own(
    daemon: FakeDaemon, labels: dict[str, str], retire: tuple[str, ...], taken: bool
) -> None:
    daemon.running, daemon.published = {"holder": labels}, {"8080": ["holder"]}
    said = [line for line in problems(retire=retire, owned=("holder-id",)) if "port" in line]
    assert bool(said) == taken
    if taken:
        assert "127.0.0.1:8080 is taken by container holder; " in said[0]
        assert "`pulumi config set port 8081 -s " in said[0]


def test_a_container_on_another_address_is_in_nobodys_way(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    daemon.addresses = {"holder": "192.0.2.1"}
    assert problems() == ()
    # But then it doesn't keep others away, either.
    monkeypatch.setattr("psutil.net_connections", lambda kind: [listening("127.0.0.1", 8080, None)])
    (said,) = problems(retire=("holder",))
    assert "is taken by a process of another user; " in said


def test_another_port_is_no_obstacle(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8081": ["holder"]}
    assert problems() == ()


def test_without_an_edge_no_port_is_needed(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    assert problems(port=None) == ()


def test_everything_on_the_host_is_asked_for_at_once(daemon: FakeDaemon) -> None:
    daemon.running, daemon.stopped, daemon.nets = {"a": {}}, {"b": {}}, {"n": {}}
    host = Host()
    assert host.statuses() == {"a-id": "running", "b-id": "exited"}
    assert host.networks() == {"n-id"}
    assert host.volumes() == frozenset()
    daemon.found = {"v": None}
    assert host.volumes() == {"v"}


def listening(address: str, port: int, pid: int | None = 42, status: str = "LISTEN") -> Any:
    return SimpleNamespace(status=status, laddr=(address, port), pid=pid)


@pytest.mark.parametrize(
    ("connection", "holder"),
    [
        (listening("127.0.0.1", 8080), "process 42 (nginx)"),
        (listening("0.0.0.0", 8080), "process 42 (nginx)"),
        (listening("::", 8080), "process 42 (nginx)"),
        (listening("127.0.0.1", 8080, pid=None), "a process of another user"),
        (listening("127.0.0.1", 8080, pid=43), "process 43"),
        (listening("192.0.2.1", 8080), None),
        (listening("127.0.0.1", 80), None),
        (listening("127.0.0.1", 8080, status="ESTABLISHED"), None),
        (SimpleNamespace(status="LISTEN", laddr=(), pid=42), None),
    ],
)
def test_a_process_that_holds_the_port_is_named(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, connection: Any, holder: str | None
) -> None:
    def process(pid: int) -> Any:
        if pid != 42:
            raise psutil.NoSuchProcess(pid)
        return SimpleNamespace(name=lambda: "nginx")

    monkeypatch.setattr("psutil.net_connections", lambda kind: [connection])
    monkeypatch.setattr("psutil.Process", process)
    said = problems()
    assert bool(said) == (holder is not None)
    if holder:
        assert f"is taken by {holder}; " in said[0]


def test_a_system_that_shows_no_processes_is_no_obstacle(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(kind: str) -> NoReturn:
        raise psutil.AccessDenied

    monkeypatch.setattr("psutil.net_connections", denied)
    assert problems() == ()


def test_processes_here_hold_no_port_of_another_machine(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.net_connections", lambda kind: [listening("0.0.0.0", 8080)])
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2376")
    assert problems() == ()


def test_all_obstacles_are_reported_at_once(daemon: FakeDaemon) -> None:
    daemon.found = {"shop-data": {}, "shop-media": {}}
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    assert len(problems(retire=("gone",))) == 4
    with pytest.raises(UserError, match="the Docker host is not ready for shop\n  - "):
        claim().check(Host())


@pytest.mark.parametrize(
    ("configured", "local", "name", "origin"),
    [
        ("mine:1", set(), "mine:1", "configured as baseImage"),
        ("mine:1", {"django-on-docker/base:trixie"}, "mine:1", "configured as baseImage"),
        ("", {"django-on-docker/base:trixie"}, "django-on-docker/base:trixie", "bootstrapped"),
        ("", set(), "python:3.13-slim-trixie", "pulled from the registry"),
        ("", {"python:3.13-slim-trixie"}, "python:3.13-slim-trixie", "pulled from the registry"),
    ],
)
def test_the_base_image_and_where_it_comes_from(
    daemon: FakeDaemon, configured: str, local: set[str], name: str, origin: str
) -> None:
    daemon.local = local
    found, said = Host().base_image(configured)
    assert found == name
    assert said.startswith(origin)


@pytest.mark.parametrize(
    "error",
    [
        docker.errors.DockerException("refused"),
        requests.ConnectionError("refused"),
        ConnectionRefusedError("refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_daemon_that_is_down_is_named(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def ping(_self: FakeDaemon) -> NoReturn:
        raise error

    monkeypatch.setattr(FakeDaemon, "ping", ping)
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2375")
    with pytest.raises(UserError) as raised:
        Host()
    assert "no Docker daemon answers at tcp://server:2375" in str(raised.value)
    assert "it said: refused" in str(raised.value)
    assert "`docker info` has to succeed" in str(raised.value)


def test_the_cause_is_what_the_socket_said(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ping(_self: FakeDaemon) -> NoReturn:
        try:
            raise FileNotFoundError("no such socket")
        except FileNotFoundError as error:
            raise docker.errors.DockerException("Error while fetching server API") from error

    monkeypatch.setattr(FakeDaemon, "ping", ping)
    with pytest.raises(UserError, match="it said: no such socket"):
        Host()


def test_the_address_is_the_clients_own(daemon: FakeDaemon) -> None:
    assert Host().address == "unix:///run/docker.sock"
    assert Host("tcp://server:2375").address == "tcp://server:2375"
    assert set(daemon.asked) == {"unix:///run/docker.sock", "tcp://server:2375"}


def answers(stdout: bytes) -> Callable[..., Any]:
    return lambda *_words, **_options: subprocess.CompletedProcess([], 0, stdout)


def fails(error: Exception) -> Callable[..., Any]:
    def run(*_words: object, **_options: object) -> NoReturn:
        raise error

    return run


@pytest.mark.parametrize(
    ("environment", "run", "address"),
    [
        ("tcp://server:2375", fails(AssertionError("not asked")), "tcp://server:2375"),
        ("", answers(b'"unix:///home/me/docker.sock"\n'), "unix:///home/me/docker.sock"),
        ("", answers(b'""\n'), None),
        ("", answers(b"null\n"), None),
        ("", answers(b"not json"), None),
        ("", fails(subprocess.CalledProcessError(1, "docker")), None),
        ("", fails(subprocess.TimeoutExpired("docker", 10)), None),
    ],
)
def test_where_the_docker_client_would_look(
    monkeypatch: pytest.MonkeyPatch, environment: str, run: Any, address: str | None
) -> None:
    monkeypatch.setenv("DOCKER_HOST", environment)
    monkeypatch.setattr("subprocess.run", run)
    assert find_address() == address


def test_no_docker_client_is_an_error_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr("subprocess.run", fails(FileNotFoundError()))
    with pytest.raises(UserError, match=r"apt-get install docker\.io"):
        find_address()


def version(code: int = 0, error: Exception | None = None) -> Callable[..., Any]:
    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        assert words[:2] == ["docker", "version"]
        if error:
            raise error
        return subprocess.CompletedProcess(words, code, b"", b"")

    return run


@pytest.mark.parametrize(
    ("run", "answers"),
    [
        (version(), True),
        (version(code=1), False),
        (version(error=subprocess.TimeoutExpired("docker", 10)), True),
        (version(error=FileNotFoundError()), True),
    ],
    ids=["it answers", "it does not", "it is busy", "no client"],
)
def test_whether_it_still_answers_is_asked_as_commands_ask(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], answers: bool
) -> None:
    host = Host("unix:///run/a.sock")
    monkeypatch.setattr(subprocess, "run", run)
    assert host.answers() is answers
