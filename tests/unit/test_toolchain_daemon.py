"""Which Docker daemon is used, and what is said when none answers."""

import json
from pathlib import Path

import pytest

from toolchain import daemon
from toolchain.errors import ToolchainError
from toolchain.progress import Progress

SILENT = 'echo "Cannot connect to the Docker daemon" >&2; exit 1'


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "SERVER_PATHS", "/nonexistent")
    monkeypatch.setattr("os.geteuid", lambda: 1000)


def machine(folder: Path, docker: str = "", **variables: str) -> dict[str, str]:
    """An environment whose PATH has only the programs given, as shell scripts."""
    program = folder / "docker"
    if docker:
        program.write_text(f"#!/bin/sh\n{docker}\n")
        program.chmod(0o755)
    return {"PATH": str(folder), "HOME": str(folder), **variables}


def ensure(env: dict[str, str], *, may_install: bool = True) -> str:
    """The result of the step."""
    with Progress().step("docker") as step:
        daemon.ensure(step, env, may_install=may_install)
        return step.result


def test_config_is_named_where_it_chose_the_daemon(tmp_path: Path) -> None:
    env = machine(tmp_path, SILENT, DOCKER_HOST="ssh://ada@web1")
    named_by = "the key host of Pulumi.shop.yaml"
    with (
        pytest.raises(ToolchainError, match=f"ada@web1, named by {named_by}"),
        Progress().step("docker") as step,
    ):
        daemon.ensure(step, env, named_by=named_by)


def test_the_daemon_that_answers_is_used(tmp_path: Path) -> None:
    assert ensure(machine(tmp_path, "echo 20.10.24")) == "Docker 20.10.24 at its default socket"


@pytest.mark.parametrize(
    ("docker", "variables", "problem", "remedy"),
    [
        ("", {}, "no Docker daemon answers", "Install Docker Engine"),
        (SILENT, {}, "Cannot connect", "Install Docker Engine"),
        (SILENT, {"DOCKER_HOST": "tcp://h:1"}, r"tcp://h:1, named by DOCKER_HOST", "not overruled"),
        (
            'echo "Host key verification failed." >&2; exit 1',
            {"DOCKER_HOST": "ssh://ada@web1"},
            "Host key verification failed",
            "`ssh ada@web1 true` shows it and asks",
        ),
        ('echo "permission denied" >&2; exit 1', {}, "may not talk to it", "usermod -aG docker"),
        (SILENT, {"INSTALL_DOCKER": "no"}, "no Docker daemon answers", "INSTALL_DOCKER=no"),
    ],
)
def test_errors_say_what_to_do(
    tmp_path: Path, docker: str, variables: dict[str, str], problem: str, remedy: str
) -> None:
    with pytest.raises(ToolchainError, match=problem) as caught:
        ensure(machine(tmp_path, docker, **variables))
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("variables", "may_install"), [({"INSTALL_DOCKER": "no"}, True), ({}, False)]
)
def test_root_does_not_install_when_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    may_install: bool,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "_install", lambda _step: pytest.fail("installed"))
    with pytest.raises(ToolchainError):
        ensure(machine(tmp_path, SILENT, **variables), may_install=may_install)


def test_an_installed_daemon_that_does_not_run_is_started_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "_service_commands", lambda: [["/bin/sh", "-c", "exit 1"]])
    monkeypatch.setattr(daemon, "_install", lambda _step: pytest.fail("installed"))
    env = machine(tmp_path, f"[ -e {tmp_path}/up ] && echo 26.1 || {{ {SILENT}; }}")
    (tmp_path / "dockerd").write_text(f"#!/bin/sh\n: > {tmp_path}/up\n")
    (tmp_path / "dockerd").chmod(0o755)
    assert ensure(env).startswith("Docker 26.1, started, log in ")


def test_a_daemon_that_dies_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "_service_commands", list)
    env = machine(tmp_path, SILENT)
    (tmp_path / "dockerd").write_text("#!/bin/sh\necho 'level=fatal msg=\"no iptables\"'; exit 1\n")
    (tmp_path / "dockerd").chmod(0o755)
    with pytest.raises(ToolchainError, match="did not come up") as caught:
        ensure(env)
    assert caught.value.output == ('level=fatal msg="no iptables"',)


@pytest.mark.parametrize(
    ("config", "variables", "host"),
    [
        ({}, {}, ""),
        ({"currentContext": "default"}, {}, ""),
        ({"currentContext": "far"}, {}, "ssh://far"),
        ({}, {"DOCKER_CONTEXT": "near"}, "ssh://near"),
        ({"currentContext": "far"}, {"DOCKER_CONTEXT": "default"}, ""),
        ({"currentContext": "far"}, {"DOCKER_HOST": "tcp://h:1"}, "tcp://h:1"),
    ],
)
def test_a_context_is_followed_as_the_docker_client_does(
    tmp_path: Path, config: dict[str, str], variables: dict[str, str], host: str
) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(config))
    assert daemon.endpoint(machine(tmp_path, 'echo "ssh://$3"', **variables)) == host
