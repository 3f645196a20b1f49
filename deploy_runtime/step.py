"""One seed step: run it in this process as if it had one of its own, and say what came of it."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from . import superuser
from .capture import Captured, captured
from .environment import masked
from .explain import explain
from .steps import resolved

Result = Literal["created", "unchanged", "done", "failed"]
_DETAIL = 200  # characters


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a step.

    Attributes:
        step: its command line.
        name: its command.
        result: what it did.
        detail: one line that says more.
        seconds: how long it took.
        exit_code: as the command would have exited.
        last_lines: the end of its output, if it failed.
        problem: the exception, explained, if it failed by one.
    """

    step: str
    name: str
    result: Result
    detail: str
    seconds: float
    exit_code: int = 0
    last_lines: tuple[str, ...] = ()
    problem: str = ""

    def as_data(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        data: dict[str, Any] = {
            "name": self.name,
            "result": self.result,
            "detail": self.detail,
            "seconds": self.seconds,
        }
        if self.step != self.name:
            data["step"] = self.step
        if self.result == "failed":
            data["exit_code"] = self.exit_code
        return data


def run_step(step: str, number: str, progress: TextIO) -> Outcome:
    """Run a management command.

    Args:
        step: its command line as it is written; values of placeholders come from the environment.
        number: where it stands in the list, such as "[3/10]".
        progress: gets its output as it comes, and a line when it has ended.
    """
    words = resolved(step, os.environ)
    started = time.monotonic()
    value: object = None
    problem: BaseException | None = None
    with captured(f"  {words[0]} | ", progress) as capture, _own_process(words):
        try:
            value = _call(words)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            problem = error
    outcome = _outcome(step, words[0], value, problem, capture, time.monotonic() - started)
    capture.finish(without=outcome.detail)
    print(f"{number} {_line(outcome)}", file=progress, flush=True)
    return outcome


def _call(words: list[str]) -> object:
    from django.core.management import call_command

    if superuser.is_djangos(words[0]):
        return superuser.ensure(words[1:])
    return call_command(words[0], *words[1:])


@contextmanager
def _own_process(words: list[str]) -> Iterator[None]:
    """Undo what steps change and a process of their own would have kept to itself."""
    from django.db import connections
    from django.utils import translation

    argv, folder = sys.argv, os.getcwd()  # noqa: PTH109 - a string to go back to
    sys.argv = ["manage.py", *words]
    connections.close_all()
    try:
        yield
    finally:
        sys.argv = argv
        os.chdir(folder)
        translation.deactivate()


def _outcome(
    step: str,
    name: str,
    value: object,
    problem: BaseException | None,
    capture: Captured,
    seconds: float,
) -> Outcome:
    code = exit_code(problem)
    common: dict[str, Any] = {"step": step, "name": name, "seconds": round(seconds, 3)}
    if code:
        text = masked(_problem_text(problem))
        return Outcome(
            result="failed",
            detail=_first_line(text) or capture.last[:_DETAIL],
            exit_code=code,
            last_lines=tuple(capture.lines),
            problem=text,
            **common,
        )
    said = masked(value.strip()) if isinstance(value, str) else ""
    return Outcome(
        result=classify(said), detail=_first_line(said) or capture.last.strip()[:_DETAIL], **common
    )


def classify(said: str) -> Result:
    """What a step did, by what its handle() returned."""
    first = said.split(maxsplit=1)[0].lower().rstrip(":,;.") if said else ""
    if first == "created":
        return "created"
    return "unchanged" if first == "unchanged" else "done"


def exit_code(problem: BaseException | None) -> int:
    """The code that the command would have exited with, run by manage.py."""
    from django.core.management.base import CommandError

    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        if problem.code is None:
            return 0
        return problem.code & 0xFF if isinstance(problem.code, int) else 1
    if isinstance(problem, KeyboardInterrupt):
        return 130
    if isinstance(problem, CommandError):
        return int(getattr(problem, "returncode", 1)) & 0xFF or 1
    return 1


def _problem_text(problem: BaseException | None) -> str:
    from django.core.management.base import CommandError

    if isinstance(problem, CommandError):
        return f"CommandError: {problem}"
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, str) else ""
    return explain(problem) if problem else ""


def _first_line(text: str) -> str:
    return text.splitlines()[0][:_DETAIL] if text else ""


def _line(outcome: Outcome) -> str:
    what = outcome.detail or outcome.result
    if outcome.result == "failed":
        what = f"failed: {outcome.detail}" if outcome.detail else "failed"
    return f"{outcome.name} … {what} ({outcome.seconds:.2f} s)"
