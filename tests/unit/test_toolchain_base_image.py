"""Which base image is taken, and how one is made where no registry answers."""

from pathlib import Path

import pytest

from toolchain import apt, base_image
from toolchain.apt import Source
from toolchain.errors import ToolchainError
from toolchain.progress import Progress

NO_KEYRING = Path("/nonexistent/keyring.gpg")


def fake_docker(folder: Path, script: str) -> dict[str, str]:
    """An environment in which `docker` is the shell script given."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)}


def ensure(env: dict[str, str], configured: str = "") -> str:
    """The result of the step."""
    with Progress().step("base image") as step:
        base_image.ensure(step, env, configured)
        return f"{step.result} {'(already)' if step.already_there else '(done)'}"


def test_a_configured_image_is_left_to_docker(tmp_path: Path) -> None:
    env = fake_docker(tmp_path, "exit 1")
    assert ensure(env, "mine:1") == "mine:1 (image.base of this stack) (already)"


def test_the_bootstrapped_image_comes_first(tmp_path: Path) -> None:
    assert ensure(fake_docker(tmp_path, "exit 0")) == "django-on-docker/base:trixie (already)"


def test_the_registrys_image_counts_when_it_is_there(tmp_path: Path) -> None:
    env = fake_docker(tmp_path, 'case "$*" in *python:*) exit 0;; esac; exit 1')
    assert ensure(env) == "python:3.13-slim-trixie (already)"


def test_a_registry_that_answers_is_used(tmp_path: Path) -> None:
    env = fake_docker(tmp_path, '[ "$1" = pull ] && echo Pulling')
    assert ensure(env) == "python:3.13-slim-trixie, pulled (done)"


def test_a_registry_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with Progress().step("base image") as step:
        env = fake_docker(tmp_path, "exec sleep 30")
        assert not base_image.pull(step, env, seconds=0.2)
        assert step.elapsed < 5


def test_a_slow_registry_that_answered_is_waited_for(tmp_path: Path) -> None:
    with Progress().step("base image") as step:
        assert base_image.pull(step, fake_docker(tmp_path, "echo Pulling; sleep 3"), seconds=2)


def test_without_root_the_remedies_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(apt, "available", lambda: True)
    with pytest.raises(ToolchainError, match="only root can make one") as caught:
        ensure(fake_docker(tmp_path, "exit 1"))
    assert "sudo make base" in caught.value.remedy
    assert "docker tag MIRROR/python:3.13-slim-trixie" in caught.value.remedy


def test_no_image_is_made_for_a_host_of_another_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    made: list[object] = []
    monkeypatch.setattr(base_image, "bootstrap", lambda *_: made.append(1))
    amd64 = fake_docker(tmp_path, '[ "$1" = version ] && echo amd64')
    with pytest.raises(ToolchainError, match=r"\(arm64\) can't run on the Docker host \(amd64\)"):
        ensure(amd64)
    assert not made
    ensure(fake_docker(tmp_path, '[ "$1" = version ] && echo arm64'))
    assert made == [1]


@pytest.mark.parametrize(
    ("sources", "mirror"),
    [
        ([Source("http://m/debian", ("bookworm",), ("main",))], ["http://m/debian"]),
        (
            [
                Source("http://old/debian", ("bookworm",), ("main",)),
                Source("http://new/debian", ("trixie",), ("main",)),
            ],
            ["http://new/debian"],
        ),
        ([Source("http://m/ubuntu", ("noble",), ("main",))], []),
        ([], []),
    ],
)
def test_debootstrap_uses_the_machines_mirror(sources: list[Source], mirror: list[str]) -> None:
    command = base_image.debootstrap_command(Path("/r"), sources, "bookworm", NO_KEYRING)
    assert command == [
        "debootstrap",
        "--variant=minbase",
        "--include=python3,python3-venv,python3-pip,ca-certificates",
        "trixie",
        "/r",
        *mirror,
    ]


def test_debootstrap_trusts_the_key_that_the_mirror_is_signed_by(tmp_path: Path) -> None:
    key = tmp_path / "company.gpg"
    key.touch()
    source = Source("http://m/debian", ("bookworm",), ("main",), str(key))
    command = base_image.debootstrap_command(Path("/r"), [source], "bookworm", NO_KEYRING)
    assert f"--keyring={key}" in command
