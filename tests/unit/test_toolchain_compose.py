"""Getting Docker Compose: the client's own, or one that is built once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.s3_server.build import TOOL
from toolchain.compose import build, plugin
from toolchain.engine.build import BuildError
from toolchain.errors import ToolchainError

ROOT = Path(__file__).parents[2]
FAKE_GO = """#!/bin/sh
echo "$PWD: go $*" >> "$CALLS"
while [ "$1" != -o ]; do shift; done
echo compose > "$2"
"""


class Machine:
    """A cache of its own, and a pretended Go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        self.env = {
            **os.environ,
            "PATH": f"{folder}/bin:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "CALLS": str(folder / "calls"),
        }

    def add_go(self, script: str = FAKE_GO) -> None:
        program = self.folder / "bin/go"
        program.write_text(script)
        program.chmod(0o755)

    def build(self, module: str = "toolchain.compose.build") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_is_built_once(machine: Machine) -> None:
    machine.add_go()
    first, second = machine.build(), machine.build()
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    folder = Path(first.stdout.strip())
    assert (folder / "docker-compose").is_file()
    assert folder.parent == machine.folder / "cache/django-on-docker"
    assert len(machine.calls()) == 1


def test_it_is_built_from_its_own_module(machine: Machine) -> None:
    machine.add_go()
    machine.build()
    assert machine.calls()[0].startswith(f"{ROOT}/toolchain/compose: go build -mod=readonly")
    assert machine.calls()[0].endswith("github.com/docker/compose/v2/cmd")
    assert build.VERSION in (ROOT / "toolchain/compose/go.mod").read_text()


def test_the_tests_s3_server_is_built_in_the_same_way(machine: Machine) -> None:
    machine.add_go()
    first, second = (machine.build("tests.s3_server.build") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert (Path(first.stdout.strip()) / "versitygw").is_file()
    [call] = machine.calls()
    assert call.startswith(f"{ROOT}/tests/s3_server: go build -mod=readonly")
    assert call.endswith("github.com/versity/versitygw/cmd/versitygw")
    assert f"{TOOL.stamp}={TOOL.version}" in call
    assert TOOL.version in (ROOT / "tests/s3_server/go.mod").read_text()


def test_a_build_that_fails_says_why_and_leaves_nothing(machine: Machine) -> None:
    machine.add_go("#!/bin/sh\necho 'no space left on device' >&2\nexit 1\n")
    done = machine.build()
    assert done.returncode == 1
    assert "could not build docker-compose" in done.stderr
    assert "The disk is full" in done.stderr
    assert not list(machine.folder.rglob("cache/**/docker-compose"))


def test_without_go_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="Install Docker Compose"):
        build.ensure()


def test_the_key_follows_the_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.key()
    for name in build.PINS:
        (tmp_path / name).write_bytes((build.HERE / name).read_bytes())
    monkeypatch.setattr(build, "HERE", tmp_path)
    assert build.key() == before
    (tmp_path / "go.mod").write_text("module other\n")
    assert build.key() != before


def test_the_clients_own_compose_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "answer", lambda *_, **__: (True, "v2"))
    assert plugin.environment(tmp_path, {"A": "b"}) == {"A": "b"}
    assert list(tmp_path.iterdir()) == []


def test_a_client_without_compose_gets_it_and_keeps_its_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "users"
    (users / "cli-plugins").mkdir(parents=True)
    for name in ("config.json", "cli-plugins/docker-buildx"):
        (users / name).write_text(name)
    monkeypatch.setattr(plugin, "answer", lambda *_, **__: (False, ""))
    monkeypatch.setattr(build, "ensure", lambda: tmp_path / "built")
    env = plugin.environment(tmp_path / "ours", {"DOCKER_CONFIG": str(users)})
    config = Path(env["DOCKER_CONFIG"])
    assert config == tmp_path / "ours"
    assert (config / "config.json").read_text() == "config.json"
    assert sorted(entry.name for entry in (config / "cli-plugins").iterdir()) == [
        "docker-buildx",
        "docker-compose",
    ]
    assert sorted(entry.name for entry in users.rglob("*")) == [
        "cli-plugins",
        "config.json",
        "docker-buildx",
    ]


def test_a_failed_build_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise BuildError("go is missing")

    monkeypatch.setattr(plugin, "answer", lambda *_, **__: (False, ""))
    monkeypatch.setattr(build, "ensure", fail)
    with pytest.raises(ToolchainError, match="go is missing"):
        plugin.environment(tmp_path / "ours", {"HOME": str(tmp_path)})
