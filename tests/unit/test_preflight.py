"""What a Docker host has to be before anything on it is changed, and what mends what it lacks."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.host import architecture, machine, over_ssh, preflight
from components.host.finding import Finding
from components.host.machine import Machine
from tests.unit.fake_daemon import FakeDaemon, problems
from tests.unit.program import Program
from tests.unit.recorder import Recorder

WELL = {"ServerVersion": "26.1.5", "MemTotal": 4 * 10**9, "DockerRootDir": "/var/lib/docker"}


def look(monkeypatch: pytest.MonkeyPatch, told: Machine | None = None, **said: Any) -> Any:
    """What is known of a host whose daemon and system say this."""
    monkeypatch.setattr(machine, "ask", lambda *_: told or Machine(free=50 * 10**9))
    info = {**WELL, "SystemTime": datetime.now(UTC).isoformat(), **said}
    return preflight.look(lambda *_: json.dumps(info), "ssh://deploy@web1")


def found(known: Any, **more: Any) -> dict[str, Finding]:
    return {one.of: one for one in preflight.examine(known, **more)}


def test_a_host_that_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = found(look(monkeypatch))
    assert [*seen] == ["docker", "host", "clock", "memory", "disk"]
    assert {one.state for one in seen.values()} == {"good"}


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("20.10.24+dfsg1", "good"),
        ("26.1.5+dfsg1", "good"),
        ("19.03.15", "wrong"),
        ("1.13.1", "wrong"),
        ("library-import", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_version(monkeypatch: pytest.MonkeyPatch, version: str, state: str) -> None:
    one = found(look(monkeypatch, ServerVersion=version))["docker"]
    assert one.state == state
    assert one.stops is (state == "wrong")
    assert "ssh://deploy@web1" in one.said


@pytest.mark.parametrize(
    ("apart", "state"),
    [(timedelta(seconds=5), "good"), (timedelta(hours=-1), "wrong"), (timedelta(days=2), "wrong")],
)
def test_the_clock(monkeypatch: pytest.MonkeyPatch, apart: timedelta, state: str) -> None:
    there = (datetime.now(UTC) + apart).isoformat().replace("+00:00", "789Z")
    one = found(look(monkeypatch, SystemTime=there))["clock"]
    assert (one.state, one.stops) == (state, False)


def test_a_daemon_that_says_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(look(monkeypatch, SystemTime=""))["clock"].state == "unknown"


@pytest.mark.parametrize(
    ("told", "total", "state"),
    [
        (Machine(memory=500 * 10**6), 500 * 10**6, "wrong"),
        (Machine(memory=2500 * 10**6), 500 * 10**6, "good"),  # with swap
        (Machine(), 500 * 10**6, "wrong"),
        (Machine(), 10**9, "good"),
        (Machine(), 0, "unknown"),
    ],
)
def test_memory(monkeypatch: pytest.MonkeyPatch, told: Machine, total: int, state: str) -> None:
    one = found(look(monkeypatch, told, MemTotal=total))["memory"]
    assert (one.state, one.stops) == (state, False)
    assert ("/swapfile" in one.remedy) is (state == "wrong")


@pytest.mark.parametrize(
    ("free", "builds", "state", "stops"),
    [
        (10**8, True, "wrong", True),
        (10**8, False, "wrong", False),  # an earlier release serves again, whatever is free
        (10**9, True, "wrong", False),
        (10**10, True, "good", False),
    ],
)
def test_the_disk(
    monkeypatch: pytest.MonkeyPatch, free: int, builds: bool, state: str, stops: bool
) -> None:
    one = found(look(monkeypatch, Machine(free=free)), builds=builds)["disk"]
    assert (one.state, one.stops) == (state, stops)
    assert "(/var/lib/docker)" in one.said


def test_where_the_system_says_nothing_a_container_does(monkeypatch: pytest.MonkeyPatch) -> None:
    known = look(monkeypatch, Machine())
    assert found(known)["disk"].state == "unknown"
    assert found(known, free=5 * 10**9)["disk"].said.startswith("5.0 GB are free")


# What the host's system says.

SAID = """\
Last login: never
disk /dev/sda1       1048576   524288    524288      50% /var/lib my docker
MemTotal:         976560 kB
SwapTotal:       1000000 kB
  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000
   2: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000
   3: 0A00000A:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0
"""


def test_what_a_system_says_is_read() -> None:
    told = machine.read(SAID)
    assert told == Machine(
        free=524288 * 1024,
        memory=1976560 * 1024,
        listening=frozenset({80, 8080, 8082, 443}),
        reachable=frozenset({80, 8080, 443}),
    )


def test_a_system_that_says_something_else_says_nothing() -> None:
    assert machine.read("HTTP/1.1 400 Bad Request\n\n") == Machine()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", []),
        ("unix:///run/docker.sock", []),
        ("ssh://ada@Web1:2222", ["-l", "ada", "-p", "2222", "--", "Web1"]),
        ("ssh://[2001:db8::1]", ["--", "2001:db8::1"]),
    ],
)
def test_it_is_asked_where_its_daemon_is(
    monkeypatch: pytest.MonkeyPatch, address: str, words: list[str]
) -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        assert b"df -P -k '/my docker' |" in options["input"]
        assert options["start_new_session"], "ssh would ask on the terminal"
        return subprocess.CompletedProcess(command, 0, SAID.encode(), b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert machine.ask(address, "/my docker").free == 524288 * 1024
    (command,) = asked
    assert command[-2:] == ["sh", "-s"]
    assert (command[0] == "ssh") is bool(words)
    assert list(command[-2 - len(words) : -2]) == words


@pytest.mark.parametrize("error", [FileNotFoundError(), subprocess.TimeoutExpired("ssh", 30)])
def test_a_system_that_does_not_answer_says_nothing(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert machine.ask("ssh://ada@web1", "/") == Machine()
    assert machine.ask("tcp://web1:2376", "/") == Machine()


@pytest.mark.parametrize(
    "address", ["tcp://web1", "ssh://", "ssh://-oProxyCommand=x", "ssh://web1/path", "web1"]
)
def test_what_is_no_address_of_ssh_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must be ssh://USER@HOST, with :PORT"):
        over_ssh.words(address)


# Images.


def docker_with(kind: str, says: str = "") -> architecture.Docker:
    """A docker client whose host has the image `base:1` of that kind, and what starting it says."""

    def docker(*words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        if words[0] == "run":
            assert words[-3:] == ("--entrypoint", "true", "base:1")
            return subprocess.CompletedProcess([], bool(says), b"", says.encode())
        there = [{"RepoTags": ["base:1"], "Architecture": kind}]
        return subprocess.CompletedProcess([], 1, json.dumps(there).encode(), b"No such image: x")

    return docker


@pytest.mark.parametrize(
    ("kind", "says", "wrong"),
    [
        ("amd64", "", False),
        ("arm64", "exec /usr/bin/true: exec format error", True),
        ("arm64", "WARNING: the platform does not match", False),  # it is emulated
    ],
)
def test_an_image_of_another_kind(kind: str, says: str, wrong: bool) -> None:
    images = {"image.base": "base:1", "database.image": "", "other": "x"}
    seen = [*architecture.problems(docker_with(kind, says), "x86_64", images)]
    assert bool(seen) == wrong
    for one in seen:
        assert one.stops
        assert one.said == (
            "image.base: base:1 is made for arm64, the host is amd64 and can't run it"
        )
        assert "`docker pull --platform linux/amd64 base:1`" in one.remedy


def test_an_image_of_another_kind_that_is_named_by_its_digest() -> None:
    digest = f"sha256:{'4f' * 32}"

    def docker(*words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        there = [{"RepoDigests": [f"debian@{digest}"], "Architecture": "arm64"}]
        said = json.dumps(there).encode() if words[0] == "image" else b""
        return subprocess.CompletedProcess([], 1, said, b"exec format error")

    (one,) = architecture.problems(docker, "x86_64", {"image.base": f"debian:trixie@{digest}"})
    assert f"debian:trixie@{digest} is made for arm64" in one.said


# In the program.


def test_what_stops_an_update_is_said_before_anything_is_made(program: Program) -> None:
    program.daemon.info = {"ServerVersion": "19.03.5"}
    program.daemon.machine = Machine(free=10**8)
    recorder = Recorder()
    try:
        with pytest.raises(Exception, match="can't take this release") as refused:
            program.run_into(recorder, "clean-server")
    finally:
        program.daemon.info, program.daemon.machine = {}, Machine()
    assert "install Docker Engine 20.10 or newer" in str(refused.value)
    assert "a release would fill the disk: `docker system df`" in str(refused.value)
    assert not recorder.resources


def test_what_else_is_wrong_is_warned_of(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    program.daemon.machine = Machine(free=10**9, memory=10**8)
    try:
        program.run_into(Recorder(), "clean-server")
    finally:
        program.daemon.machine = Machine()
    assert "the Docker host's disk: 1.0 GB are free" in caplog.text
    assert "the Docker host's memory: 0.1 GB of memory and swap" in caplog.text


def test_a_mounted_source_is_this_machines(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://deploy@web1")
    with pytest.raises(Exception, match=r"app\.mountSource is true, but the host") as said:
        program.run_into(Recorder(), "development")
    assert "ssh://deploy@web1" in str(said.value)
    assert "`pulumi config set --path app.mountSource false -s development`" in str(said.value)


def test_a_port_of_another_machine_that_no_container_has(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://deploy@web1")
    daemon.machine = Machine(listening=frozenset({8080, 443}), reachable=frozenset({8080}))
    (said,) = problems()
    assert "127.0.0.1:8080 is taken by a program of that host" in said
    daemon.machine = Machine(listening=frozenset({8080}), reachable=frozenset())
    assert problems() == (), "at another address it is in nobody's way"
    (said,) = problems(ports={"tls.httpPort": 8080})
    assert "port 8080 of the host is taken by a program of that host" in said
