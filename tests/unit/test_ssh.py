"""The tunnel to a daemon behind ssh, with a pretended ssh on PATH."""

import os
import stat
import time
from pathlib import Path

import pytest

from components.errors import UserError
from components.host.docker_host import Host
from components.host.ssh import SshError, tunnel, words
from tests.unit.fake_daemon import FakeDaemon

OPENS = """\
import pathlib, sys
local = sys.argv[sys.argv.index("-L") + 1].split(":")[0]
pathlib.Path(local).touch()
sys.stdin.read()
"""
REFUSES = """\
import sys
sys.exit("ssh: connect to host shop.example port 22: Connection refused")
"""


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a program named ssh in front of the one on PATH."""
    program = folder / "ssh"
    program.write_text(f"#!/usr/bin/env python3\n{text}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("address", "end"),
    [
        ("ssh://shop.example", ["/var/run/docker.sock", "shop.example"]),
        ("ssh://ada@shop.example", ["/var/run/docker.sock", "ada@shop.example"]),
        ("ssh://ada@shop.example/run/other.sock", ["/run/other.sock", "ada@shop.example"]),
    ],
)
def test_the_command(address: str, end: list[str]) -> None:
    made = words(address, Path("/tmp/x.sock"))
    assert made[-4:] == ["-L", f"/tmp/x.sock:{end[0]}", end[1], "cat"]
    assert "BatchMode=yes" in made, "nobody answers questions"
    assert "-p" not in made


def test_a_port_of_its_own() -> None:
    made = words("ssh://ada@shop.example:2222", Path("/tmp/x.sock"))
    assert made[made.index("-p") + 1] == "2222"


def test_the_daemon_is_asked_through_the_tunnel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, daemon: FakeDaemon
) -> None:
    pretend(tmp_path, monkeypatch, OPENS)
    host = Host("ssh://ada@shop.example")
    assert set(daemon.asked) == {daemon.asked[0]}
    assert str(daemon.asked[0]).startswith("unix:///")
    assert host.address == "ssh://ada@shop.example", "the provider goes there by itself"
    assert not host.is_local


def test_ssh_that_is_refused_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, REFUSES)
    started = time.monotonic()
    with pytest.raises(UserError) as error:
        Host("ssh://ada@shop.example")
    assert time.monotonic() - started < 5
    said = str(error.value)
    assert "no Docker daemon answers at ssh://ada@shop.example" in said
    assert "it said: ssh: connect to host shop.example port 22: Connection refused" in said
    assert "without a question (a key, and its host known)" in said


def test_ssh_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "import sys; sys.exit(3)")
    with pytest.raises(SshError, match="ssh ended with exit code 3"):
        tunnel("ssh://shop.example")


def test_ssh_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr("components.host.ssh._TIMEOUT", 0.2)
    with pytest.raises(SshError, match="did not get through within 0 s"):
        tunnel("ssh://shop.example")


def test_without_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SshError, match="ssh can't be run"):
        tunnel("ssh://shop.example")
