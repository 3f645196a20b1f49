"""The list of faults is complete, and so is its table."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.integration import conftest
from tests.integration.faults import (
    CASES,
    FAULT,
    Fault,
    as_table,
    first_error,
    missing,
)

TESTS = Path("tests/integration")


def begun() -> Iterator[str]:
    """The cases that tests begin."""
    for file in TESTS.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fault":
                (case,) = node.args
                yield ast.literal_eval(case)


def test_every_case_has_a_test() -> None:
    assert sorted({*CASES} - {*begun()}) == []


def test_no_test_begins_another_case() -> None:
    assert sorted({*begun()} - {*CASES}) == []


def test_a_case_that_nobody_reported_is_missing() -> None:
    reported = [case for case in CASES if case != "up twice"]
    assert missing(reported) == ["up twice"]
    assert missing([*reported, "up twice"]) == []


def test_the_table_keeps_a_cases_lines_together_and_wraps_them() -> None:
    long = " ".join(["seen"] * 40)
    table = as_table([("up twice", long), ("ignored file", "0 changes"), ("up twice", "again")])
    lines = table.splitlines()
    assert lines[0].split() == ["case", "expected", "seen"]
    assert table.count("`pulumi up` twice") == 1
    assert table.replace("\n", " ").count(" seen") == 41
    assert table.index("again") < table.index("a file that")
    assert max(map(len, lines)) <= 154


def test_what_was_seen_is_one_line() -> None:
    fault = Fault("up twice")
    fault.saw("exit code 1", "error:\n  so\nand so")
    assert fault.seen == ["exit code 1; error: so and so"]


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("running error: early\nDiagnostics:\n  x (y):\n    error: it is so\n  more", "it is so"),
        ("error: at once\nerror: later", "at once"),
        ("error: its last lines:\n\n  so it ended\n  more", "its last lines: so it ended"),
        ("Diagnostics:\n  a:\n    error: update failed\n  b:\n    error: it broke", "it broke"),
        ("Diagnostics:\n  a:\n    error: update failed", "update failed"),
        ("all is well", "(no error)"),
    ],
)
def test_the_first_error(output: str, error: str) -> None:
    assert first_error(output) == error


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in which nothing was reported yet."""
    monkeypatch.setattr(conftest, "_faults", [])
    monkeypatch.setattr(conftest, "_failed", set())


def config(*args: str, **options: object) -> pytest.Config:
    chosen = {"keyword": "", "markexpr": "", "collectonly": False, **options}
    made: Any = SimpleNamespace(args=args, option=SimpleNamespace(**chosen))
    return made  # type: ignore[no-any-return]


def report(when: str, outcome: str, *properties: tuple[str, object]) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="test_x.py::test_it",
        location=("test_x.py", 1, "test_it"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=None,
        when=when,  # type: ignore[arg-type]
        user_properties=list(properties),
    )


@pytest.mark.usefixtures("run")
def test_a_run_of_everything_fails_where_a_case_was_not_reported() -> None:
    session: Any = SimpleNamespace(config=config("tests/integration"), exitstatus=0)
    conftest.pytest_sessionfinish(session)
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED
    for case in CASES:
        conftest.pytest_runtest_logreport(report("teardown", "passed", (FAULT, (case, "well"))))
    session.exitstatus = 0
    conftest.pytest_sessionfinish(session)
    assert session.exitstatus == 0


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    "part",
    [
        config("tests/integration/test_faults.py"),
        config("tests/integration", keyword="daemon"),
        config("tests/integration", collectonly=True),
        config("tests/integration", markexpr="essential"),
    ],
    ids=["file", "keyword", "list", "essential"],
)
def test_a_part_of_the_tests_reports_a_part_of_the_cases(part: pytest.Config) -> None:
    session: Any = SimpleNamespace(config=part, exitstatus=0)
    conftest.pytest_sessionfinish(session)
    assert session.exitstatus == 0


@pytest.mark.usefixtures("run")
def test_what_a_failed_test_saw_is_marked() -> None:
    conftest.pytest_runtest_logreport(report("call", "failed"))
    seen = report("teardown", "passed", (FAULT, ("up twice", "3 changed")))
    conftest.pytest_runtest_logreport(seen)
    assert conftest._faults == [("up twice", "FAILED: 3 changed")]
