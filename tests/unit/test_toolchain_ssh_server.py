"""The ssh server that tests use: found, or got where this may install it, and never started."""

import io
from pathlib import Path

import pytest

from toolchain import apt, ssh_server
from toolchain.progress import Progress


def ensured(etc: Path) -> str:
    """What is said of it."""
    said = io.StringIO()
    with Progress(said).step("ssh server") as step:
        ssh_server.ensure(step, etc)
    return said.getvalue()


def test_one_that_is_there_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_server, "find", lambda: "/usr/sbin/sshd")
    assert "/usr/sbin/sshd" in ensured(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_it_is_installed_and_its_service_kept_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    monkeypatch.setattr(ssh_server, "find", lambda: next(iter(found), None))
    monkeypatch.setattr(apt, "is_root", lambda: True)
    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt, "refresh", lambda _step: None)

    def install(packages: list[str], _step: object) -> None:
        assert (tmp_path / "ssh/sshd_not_to_be_run").exists(), "its service would be started"
        found.extend(packages)

    monkeypatch.setattr(apt, "install", install)
    assert "openssh-server, installed" in ensured(tmp_path)


def test_who_may_not_install_it_is_told_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_server, "find", lambda: None)
    monkeypatch.setattr(apt, "is_root", lambda: False)
    assert "sudo apt-get install openssh-server" in ensured(tmp_path)
