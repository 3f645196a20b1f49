"""What unit tests share: a folder for builds, the program, and stand-ins for what is outside."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from components import checkout, step_secrets
from components.host import client, machine, masked_output, one_shot
from tests.unit import runtime_project
from tests.unit.command import Command
from tests.unit.fake_daemon import FakeDaemon
from tests.unit.fake_docker import FakeDocker
from tests.unit.fake_notes import FakeNotes
from tests.unit.program import Program, on_a_host_of_its_own

# A shell's background job ignores interrupts, and so would all that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder of the test's own."""
    folder = tmp_path / "build"
    monkeypatch.setattr(checkout, "FOLDER", folder)
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The whole program, on mocks."""
    with on_a_host_of_its_own(tmp_path_factory.mktemp("host")) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> runtime_project.Project:
    """A throwaway Django project."""
    return runtime_project.make(tmp_path)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> FakeNotes:
    """What is noted on the host: nothing, until told."""
    return FakeNotes(monkeypatch)


@pytest.fixture
def check_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The description of a check, as the program writes it for every step that may need it."""
    described = {
        "deployment": "shop",
        "stack": "live",
        "image": "shop:new",
        "network": "shop",
        "mount": [],
        "env": [],
        "flags": [],
        "retire": [],
        "grace": 35,
        "serves": "old",
    }
    file = tmp_path / "described.json"
    file.write_text(json.dumps(described))
    monkeypatch.setenv("CHECK", str(file))
    return file


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, noted: FakeNotes, check_file: Path
) -> Iterator[FakeDocker]:
    """The docker client that commands call; it answers success and nothing, until told."""
    fake = FakeDocker()
    monkeypatch.setattr(client, "subprocess", fake)
    # What a command does when it is interrupted must not outlive it here.
    monkeypatch.setattr(one_shot, "signal", Mock())
    # What one command got to know is forgotten with its end.
    monkeypatch.setattr(masked_output, "_learned", set())
    monkeypatch.setattr(step_secrets, "_hidden", set())
    monkeypatch.setattr(machine, "ask", lambda *_: machine.Machine())
    yield fake
    assert not fake.unused, f"never asked for: {fake.unused}"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs commands."""
    return Command(monkeypatch, capsys)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    """The daemon that the program asks; nothing is on its host, until a test puts it there."""
    fake = FakeDaemon()
    monkeypatch.setattr(client, "docker", fake.docker)
    monkeypatch.setattr(client, "has_file", fake.has_file)
    monkeypatch.setattr(machine, "ask", lambda *_: fake.machine)
    monkeypatch.setattr("psutil.net_connections", lambda kind: fake.connections)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/docker.sock")
    return fake
