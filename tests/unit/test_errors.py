"""Errors that a user can mend are shown as such: lines, and no stack trace."""

import signal
from typing import Any

import pulumi
import pytest

from components.errors import UserError, end_quietly_when_interrupted


def test_pulumi_shows_it_without_a_stack_trace() -> None:
    assert isinstance(UserError("x"), pulumi.RunError)


@pytest.mark.parametrize(
    ("problems", "text"), [((), "no"), (("a", "b"), "no\n  - a\n  - b"), (["a"], "no\n  - a")]
)
def test_one_line_for_each_thing_to_mend(problems: Any, text: str) -> None:
    error = UserError("no", problems)
    assert str(error) == text
    assert error.problems == tuple(problems)


def test_an_interrupt_ends_the_program_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr("signal.signal", lambda *words: calls.append(words))
    end_quietly_when_interrupted()
    assert calls == [(signal.SIGINT, signal.SIG_DFL)]
