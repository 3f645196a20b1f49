"""The list of faults is complete, and so is its table."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.faults import AWAITED, CASES, Fault, as_table, first_error, missing

TESTS = Path("tests/integration")


def begun() -> Iterator[str]:
    """The cases that tests begin."""
    for file in TESTS.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fault":
                (case,) = node.args
                yield ast.literal_eval(case)


def test_every_case_has_a_test() -> None:
    assert sorted({*CASES} - AWAITED - {*begun()}) == []


def test_what_is_awaited_is_not_there_yet() -> None:
    assert {*CASES} >= AWAITED
    assert sorted(AWAITED & {*begun()}) == []


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
        ("all is well", "(no error)"),
    ],
)
def test_the_first_error(output: str, error: str) -> None:
    assert first_error(output) == error
