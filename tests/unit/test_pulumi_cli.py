"""What the program asks Pulumi's own command line."""

import json
import subprocess
from typing import Any, NoReturn

import pytest

from components.pulumi_cli import run_pulumi


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
