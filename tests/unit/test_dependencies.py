"""What the program imports is what `pulumi up` has: the lock of its own dependencies, no more."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

OURS = {"components", "deploy_runtime"}


def imported(file: Path) -> Iterator[str]:
    """The top-level packages that a module imports by their full names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("lock", ["requirements.txt", "pyproject.toml"])
def test_every_package_that_the_program_imports_is_one_of_its_dependencies(lock: str) -> None:
    files = [Path("__main__.py"), *Path("components").rglob("*.py")]
    named = {name for file in files for name in imported(file)}
    foreign = named - OURS - sys.stdlib_module_names
    assert {"pulumi", "pydantic"} <= foreign
    distributions = {packages_distributions()[name][0].lower() for name in foreign}
    if lock == "requirements.txt":
        declared = set(re.findall(r"^([a-z0-9_.-]+)==", Path(lock).read_text(), re.MULTILINE))
    else:
        listed = tomllib.loads(Path(lock).read_text())["project"]["dependencies"]
        declared = {re.split(r"[<>=]", entry)[0] for entry in listed}
    assert {name.replace("_", "-") for name in distributions} <= declared
