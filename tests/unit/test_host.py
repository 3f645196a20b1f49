"""The Docker host: where it is, whether it answers, and whether the port is free there."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import psutil
import pytest

from components.errors import UserError
from components.host import client, docker_host
from components.host.daemon import Daemon, HostError
from components.host.docker_host import Host
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
        assert "`pulumi config set --path site.port 8081 -s " in said[0]


def test_a_container_on_another_address_is_in_nobodys_way(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    daemon.addresses = {"holder": "192.0.2.1"}
    assert problems() == ()
    # But then it doesn't keep others away, either.
    daemon.connections = [listening("127.0.0.1", 8080, None)]
    (said,) = problems(retire=("holder",))
    assert "is taken by a process of another user; " in said


def test_another_port_is_no_obstacle(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8081": ["holder"]}
    assert problems() == ()


def test_without_an_edge_no_port_is_needed(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    assert problems(port=None) == ()


PUBLIC = {"tls.httpPort": 80, "tls.httpsPort": 443}


def test_the_ports_that_the_world_reaches_are_free(daemon: FakeDaemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"443": ["holder"]}
    (said,) = problems(ports=PUBLIC)
    assert said.startswith(
        "tls.httpsPort is 443: port 443 of the host is taken by container holder; choose another "
        "with `pulumi config set --path tls.httpsPort 8443 -s "
    )
    assert problems(ports=PUBLIC, retire=("holder",)) == ()
    # On whatever address somebody listens.
    daemon.published, daemon.connections = {}, [listening("192.0.2.1", 80, pid=None)]
    (said,) = problems(ports=PUBLIC)
    assert said.startswith("tls.httpPort is 80: port 80 of the host is taken by a process of")
    assert "`pulumi config set --path tls.httpPort 8080 -s " in said


def test_whether_the_host_has_ipv6(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docker_host, "_SYSTEM", str(tmp_path))
    assert Host().has_ipv6 is False
    (tmp_path / "ipv6").mkdir()
    (tmp_path / "ipv6/bindv6only").touch()
    assert Host().has_ipv6 is True
    # Another machine is looked at through a container that never runs.
    daemon.local = {"django-on-docker/base:trixie"}
    monkeypatch.setenv("DOCKER_HOST", "ssh://shop.example")
    assert Host().has_ipv6 is False
    daemon.files = {str(tmp_path): {"ipv6/bindv6only"}}
    assert Host().has_ipv6 is True


def test_everything_on_the_host_is_asked_for_at_once(daemon: FakeDaemon) -> None:
    daemon.running, daemon.stopped, daemon.nets = {"a": {}}, {"b": {}}, {"n": {}}
    host = Host()
    daemon.found = {"v": None}
    assert host.statuses() == {"a-id": "running", "b-id": "exited"}
    assert host.networks() == {"n-id"}
    assert host.volumes() == {"v"}
    questions = len(daemon.asked)
    assert host.statuses().keys() == {"a-id", "b-id"}
    assert host.networks() == {"n-id"}
    assert host.volumes() == {"v"}
    assert len(daemon.asked) == questions, "it is as it was when it was first looked at"


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

    daemon.connections = [connection]
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
    daemon.connections = [listening("0.0.0.0", 8080)]
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
        ("mine:1", set(), "mine:1", "configured as image.base"),
        ("mine:1", {"django-on-docker/base:trixie"}, "mine:1", "configured as image.base"),
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


def test_a_daemon_that_is_down_is_named(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.failing = "Cannot connect to the Docker daemon at tcp://server:2375. Is it running?"
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2375")
    with pytest.raises(UserError) as raised:
        Host()
    assert "no Docker daemon answers at tcp://server:2375" in str(raised.value)
    assert f"it said: {daemon.failing}" in str(raised.value)
    assert "`systemctl start docker`" in str(raised.value)
    assert "info` has to succeed" in str(raised.value)


def test_a_daemon_behind_ssh_is_elsewhere(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://ada@shop.example")
    host = Host()
    assert host.address == "ssh://ada@shop.example", "the provider goes there by itself"
    assert not host.is_local
    daemon.failing = "ssh: connect to host shop.example port 22: Connection refused"
    with pytest.raises(UserError) as raised:
        Host()
    assert "port 22: Connection refused" in str(raised.value)
    assert "a key, and its host known" in str(raised.value)
    assert "systemctl" not in str(raised.value), "that would start the one here"


@pytest.mark.parametrize(
    ("said", "is_refusal"),
    [
        ("Error response from daemon: permission denied", True),
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock.", False),
    ],
)
def test_a_daemon_that_fails_later_is_told_from_one_that_refuses(
    daemon: FakeDaemon, said: str, is_refusal: bool
) -> None:
    host = Host()
    daemon.failing = said
    with pytest.raises(HostError) as raised:
        host.statuses()
    assert (str(raised.value), raised.value.is_refusal) == (said, is_refusal)


def test_a_daemon_that_does_not_answer_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("subprocess.run", fails(subprocess.TimeoutExpired("docker", 15)))
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2375")
    with pytest.raises(UserError, match="`docker version` did not end within 15 s"):
        Host()


def test_it_is_asked_without_a_terminal_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def run(words: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(options["start_new_session"])
        return subprocess.CompletedProcess(words, 0, b"[]", b"")

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setenv("DOCKER_HOST", "ssh://ada@shop.example")
    assert Host().statuses() == {}
    assert asked[0], "ssh could ask for a password there"


def test_what_is_removed_meanwhile_is_no_error(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def docker(*words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        gone = ("gone",) if words[1] == "inspect" else ()
        return daemon.docker(*words, *gone)

    host = Host()
    daemon.running = {"a": {}}
    monkeypatch.setattr(client, "docker", docker)
    assert host.statuses() == {"a-id": "running"}
    assert daemon.asked[-1] == ("container", "inspect", "a-id", "gone")


def test_a_volume_that_cannot_be_looked_at_is_there(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def docker(*words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        if words[:2] != ("volume", "inspect"):
            return daemon.docker(*words)
        said = b"Error response from daemon: get far: error looking up volume plugin nfs: not found"
        others = daemon.docker(*(word for word in words if word != "far"))
        return subprocess.CompletedProcess(words, 1, others.stdout, said)

    daemon.found = {"far": {"a": "b"}, "near": {"c": "d"}}
    monkeypatch.setattr(client, "docker", docker)
    host = Host()
    assert host.volumes() == {"far", "near"}
    assert (host.volume_labels("far"), host.volume_labels("near")) == ({}, {"c": "d"})


def test_a_file_is_looked_for_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "docker"
    program.write_text(
        "#!/bin/sh\n[ $2 = there:/data/f ] || { echo no such file >&2; exit 1; }\nexec yes\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert client.has_file("there", "/data/f"), "it has no end"
    assert not client.has_file("gone", "/data/f")


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
        ("", answers(b'""\n'), ""),
        ("", answers(b"null\n"), ""),
        ("", answers(b"not json"), ""),
        ("", fails(subprocess.TimeoutExpired("docker", 10)), ""),
    ],
)
def test_where_the_docker_client_would_look(
    monkeypatch: pytest.MonkeyPatch, environment: str, run: Any, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", environment)
    monkeypatch.setattr("subprocess.run", run)
    assert Daemon().address == address


def test_no_docker_client_is_an_error_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr("subprocess.run", fails(FileNotFoundError()))
    with pytest.raises(UserError, match=r"apt-get install docker\.io"):
        Daemon()


@pytest.fixture
def asked_by() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The real way to the docker client, whatever takes its place later."""
    return client.docker


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
    asked_by: Any, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, run: Any, answers: bool
) -> None:
    host = Host()
    monkeypatch.setattr(client, "docker", asked_by)
    monkeypatch.setattr(subprocess, "run", run)
    assert host.answers() is answers
