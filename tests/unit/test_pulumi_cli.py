"""What the program asks Pulumi's own command line."""

import json
import subprocess
from typing import Any, NoReturn

import pytest

from components.errors import UserError
from components.pulumi_cli import resource_ids, run_pulumi, stack_resources


class Cli:
    """Stands in for `subprocess.run`."""

    def __init__(self, code: int = 0, out: object = None) -> None:
        self.code, self.out = code, json.dumps(out)

    def __call__(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.words, self.options = words, options
        return subprocess.CompletedProcess(words, self.code, self.out, "oh no\n")


def test_it_is_never_asked_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    cli = Cli()
    monkeypatch.setattr("subprocess.run", cli)
    run_pulumi(["config", "set", "--secret", "a"], stdin="hush")
    assert cli.words == ["pulumi", "--non-interactive", "config", "set", "--secret", "a"]
    timeout = cli.options.pop("timeout")
    assert cli.options == {"input": "hush", "capture_output": True, "text": True, "check": False}
    assert 60 <= timeout <= 600


@pytest.mark.parametrize(
    "error", [FileNotFoundError("no pulumi"), subprocess.TimeoutExpired("pulumi", 1)], ids=str
)
def test_a_missing_or_hanging_pulumi_is_a_failure_like_others(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_words: object, **_options: object) -> NoReturn:
        raise error

    monkeypatch.setattr("subprocess.run", run)
    done = run_pulumi(["config"])
    assert (done.returncode, done.stdout, done.stderr) == (127, "", str(error))


RESOURCES: list[dict[str, Any]] = [{"id": "a"}, {"urn": "component"}, {"id": "b", "delete": True}]


@pytest.mark.parametrize(
    ("out", "resources"),
    [
        ({"deployment": {"resources": RESOURCES}}, RESOURCES),
        ({"deployment": {"resources": None}}, []),
        ({"deployment": {}}, []),
        ({}, []),
    ],
)
def test_the_resources_in_a_stacks_state(
    monkeypatch: pytest.MonkeyPatch, out: object, resources: list[dict[str, Any]]
) -> None:
    cli = Cli(out=out)
    monkeypatch.setattr("subprocess.run", cli)
    assert stack_resources("shop") == resources
    assert cli.words[2:] == ["stack", "export", "-s", "shop"]


def test_a_state_that_cannot_be_read_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", Cli(code=255))
    with pytest.raises(UserError, match="the state of stack shop can't be read") as error:
        stack_resources("shop")
    assert "`pulumi stack export -s shop` has to succeed; it said: oh no" in str(error.value)


def test_components_have_no_id() -> None:
    assert resource_ids(RESOURCES) == {"a", "b"}
