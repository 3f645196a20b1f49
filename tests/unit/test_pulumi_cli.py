"""What the program asks Pulumi's own command line."""

import json
import subprocess
from typing import Any

import pytest

from components.pulumi_cli import resource_ids, run_pulumi


class Cli:
    """Stands in for `subprocess.run`."""

    def __init__(self, code: int = 0, out: object = None) -> None:
        self.code, self.out = code, json.dumps(out)

    def __call__(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.words, self.options = words, options
        return subprocess.CompletedProcess(words, self.code, self.out, "")


def test_it_is_never_asked_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    cli = Cli()
    monkeypatch.setattr("subprocess.run", cli)
    run_pulumi(["config", "set", "--secret", "a"], stdin="hush")
    assert cli.words == ["pulumi", "--non-interactive", "config", "set", "--secret", "a"]
    timeout = cli.options.pop("timeout")
    assert cli.options == {"input": "hush", "capture_output": True, "text": True, "check": False}
    assert 60 <= timeout <= 600


@pytest.mark.parametrize(
    ("code", "out", "ids"),
    [
        (0, {"deployment": {"resources": [{"id": "a"}, {"urn": "component"}]}}, {"a"}),
        (0, {"deployment": {"resources": [{"id": "a"}, {"id": "b", "delete": True}]}}, {"a", "b"}),
        (0, {"deployment": {"resources": None}}, set()),
        (0, {"deployment": {}}, set()),
        (0, {}, set()),
        (255, None, None),
    ],
)
def test_the_ids_in_a_stacks_state(
    monkeypatch: pytest.MonkeyPatch, code: int, out: object, ids: set[str] | None
) -> None:
    cli = Cli(code, out)
    monkeypatch.setattr("subprocess.run", cli)
    assert resource_ids("shop") == ids
    assert cli.words[2:] == ["stack", "export", "-s", "shop"]
