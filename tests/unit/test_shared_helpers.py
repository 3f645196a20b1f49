"""What several test modules need is in a helper beside them: nobody imports a test module."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest


def imported(source: str) -> Iterator[str]:
    """The parts of the names of all that a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            yield from ".".join(names).split(".")


def test_no_module_imports_a_test_module() -> None:
    found = {
        f"{file} imports {name}: move what both need to a helper"
        for file in Path("tests").glob("*/*.py")
        for name in imported(file.read_text())
        if name.startswith("test_")
    }
    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        "from tests.unit.test_a import b",
        "from tests.unit import test_a",
        "import tests.unit.test_a",
        "from .test_a import b",
    ],
)
def test_every_way_to_import_one_is_found(source: str) -> None:
    assert "test_a" in imported(source)
