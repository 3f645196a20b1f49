"""The registry that tests use: found, or unpacked beside the engines, and never installed."""

import io
import subprocess
from pathlib import Path

import pytest

from toolchain import apt, docker_registry
from toolchain.progress import Progress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: None)
    return tmp_path / "django-on-docker"


def ensured() -> str:
    """What is said of it."""
    said = io.StringIO()
    with Progress(said).step("registry") as step:
        docker_registry.ensure(step)
    return said.getvalue()


def test_it_is_unpacked_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(words: list[str], **_: object) -> str:
        ran.append(str(words[0]))
        there = Path(words[3])
        if words[0] == "sh":
            (there / "docker-registry.deb").touch()
        else:
            (there / "usr/bin").mkdir(parents=True)
            (there / "usr/bin/docker-registry").touch()
        return ""

    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt, "has_package", lambda _: True)
    monkeypatch.setattr(docker_registry, "run", run)
    assert "docker-registry, unpacked" in ensured()
    assert ", unpacked" not in ensured()
    assert ran == ["sh", "dpkg"]
    assert docker_registry.find() == str(cache / "docker-registry/usr/bin/docker-registry")
    assert [path.name for path in cache.iterdir()] == ["docker-registry"], "no draft is left"


def test_where_there_is_no_debian_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "available", lambda: False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing is run"))
    assert "tests of registries fail" in ensured()
