"""Each promise has a test in `make test`, and so has each area of faults."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import faults
from tests.integration.promises import PROMISES

TESTS = Path("tests/integration")
CHOOSERS = ("essential", "both_but_first")


def chosen() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Promises, and the tests that were chosen for them."""
    for file in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            for call in (c for d in node.decorator_list for c in ast.walk(d)):
                name = getattr(getattr(call, "func", None), "attr", "") or getattr(
                    getattr(call, "func", None), "id", ""
                )
                if isinstance(call, ast.Call) and name in CHOOSERS:
                    yield ast.literal_eval(call.args[0]), node


def test_each_promise_has_a_test() -> None:
    assert sorted({*PROMISES} - {promise for promise, _ in chosen()}) == []


def test_no_test_holds_another_promise() -> None:
    assert sorted({promise for promise, _ in chosen()} - {*PROMISES}) == []


def areas() -> dict[str, list[str]]:
    """The areas of the table of faults, by the comments in it, and their cases."""
    text = Path(faults.__file__).read_text().partition("CASES: ")[2].partition("\n}\n")[0]
    found: dict[str, list[str]] = {}
    for comment, case in re.findall(r'^    (?:# (.*)|"([^"]+)": \()', text, flags=re.MULTILINE):
        if comment:
            found[comment] = []
        else:
            [*found.values()][-1].append(case)
    return found


def test_the_areas_were_understood() -> None:
    assert [case for cases in areas().values() for case in cases] == [*faults.CASES]


@pytest.mark.parametrize("area", areas())
def test_each_area_of_faults_has_a_chosen_test(area: str) -> None:
    begun = {
        ast.literal_eval(call.args[0])
        for _, test in chosen()
        for call in ast.walk(test)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "fault"
    }
    assert begun & {*areas()[area]}
