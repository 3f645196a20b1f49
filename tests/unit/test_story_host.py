"""What of the program goes to the Docker host that the key `host` names."""

import pytest

from components.host.identity import PREFIX
from tests.unit.program import IDENTITY, Program
from tests.unit.recorder import Recorder

WEB1 = "ssh://deploy@web1.example.org"


@pytest.fixture
def at_web1(program: Program) -> Recorder:
    return program.run("clean-server", host=WEB1)


def test_provider_and_every_step_go_where_the_key_says(at_web1: Recorder) -> None:
    assert at_web1["docker"].inputs["host"] == WEB1
    steps = [r for r in at_web1.resources.values() if r.type == "Command"]
    assert len(steps) > 5
    assert {step.inputs["environment"]["DOCKER_HOST"] for step in steps} == {WEB1}


def test_without_it_nothing_says_where_steps_go(program: Program) -> None:
    steps = [r for r in program.run("clean-server").resources.values() if r.type == "Command"]
    assert not any("DOCKER_HOST" in (step.inputs.get("environment") or {}) for step in steps)


def test_the_host_is_marked_by_a_step_of_its_own(program: Program) -> None:
    step = program.run("clean-server")["host"]
    assert step.triggers == {"identity": IDENTITY, "made": 0}
    assert step.inputs["environment"] == {"VOLUME": f"{PREFIX}{IDENTITY}"}
    assert not step.inputs.get("delete"), "it is the host's, and stays"
