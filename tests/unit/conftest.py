"""What unit tests share: a folder for builds, and a stand-in for the docker client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components import build_secrets, release, seeding
from components.commands import client
from tests.unit.fake_docker import FakeDocker


@pytest.fixture
def build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder of the test's own, in every module that writes into it."""
    folder = tmp_path / "build"
    for module in (build_secrets, release, seeding):
        monkeypatch.setattr(module, "BUILD_FOLDER", folder)
    return folder


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """The docker client that commands call; it answers success and nothing, until told."""
    fake = FakeDocker()
    monkeypatch.setattr(client, "subprocess", fake)
    yield fake
    assert not fake.unused, f"never asked for: {fake.unused}"
