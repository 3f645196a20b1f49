"""What outlives a command is noted on the Docker host, in labels of containers that never start."""

import json
import re

import pytest

from components.host import client, notes
from components.host.notes import read, remove, write
from tests.unit.fake_docker import FakeDocker

MARKS = (
    "--filter label=django-on-docker.deployment=shop "
    "--filter label=django-on-docker.role=noted-window"
)
IDS = f"ps --all --quiet {MARKS}"
CONTENT = {"since": "now", "stopped": {"old": "always"}}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    fake = FakeDocker()
    monkeypatch.setattr(client, "subprocess", fake)
    return fake


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", None),
        (json.dumps(CONTENT), CONTENT),
        (f"{json.dumps(CONTENT)}\n{{}}", CONTENT),
        ("{", {}),
    ],
)
def test_the_last_one_counts(docker: FakeDocker, said: str, found: object) -> None:
    docker.on("ps --all --filter", out=said)
    assert read("shop", notes.WINDOW) == found
    assert MARKS in docker.calls[0]


def test_one_takes_the_place_of_another_and_is_there_before_that_goes(docker: FakeDocker) -> None:
    docker.on(IDS, out="a\nb\n")
    write("shop", notes.WINDOW, CONTENT, image="shop:new")
    _, made, gone = docker.calls
    assert re.match(r"create --name shop-noted-window-\d+ --network none --label ", made)
    assert " --label django-on-docker.deployment=shop " in made
    assert json.dumps(CONTENT) in made
    assert made.endswith(" shop:new true")
    assert gone == "rm --force --volumes a b"


def test_what_is_not_noted_is_not_removed(docker: FakeDocker) -> None:
    remove("shop", notes.WINDOW)
    assert docker.calls == [IDS]


def test_a_daemon_that_does_not_answer_is_no_host_without_notes(docker: FakeDocker) -> None:
    docker.on("ps --all", code=1, err="Cannot connect to the Docker daemon")
    with pytest.raises(SystemExit):
        read("shop", notes.WINDOW)
