"""Integration tests use the real engine and the real daemon; without them they fail."""

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import docker.errors
import pytest

from tests.integration.counting import HEAD, MATRIX, side_by_side
from tests.integration.harness import Site

MakeSite = Callable[..., Site]

LOAD = "load"
"""The property of a test by which it hands over what became of a load, as text."""

_matrix: list[tuple[str, ...]] = []
_loads: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what tests counted, also those that ran in other processes."""
    if report.when == "teardown":
        found = [line for name, line in report.user_properties if name == MATRIX]
        _matrix.extend(tuple(map(str, line)) for line in found if isinstance(line, list | tuple))
        _loads.extend(str(text) for name, text in report.user_properties if name == LOAD)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the decision matrix and the counts side by side, and what became of loads."""
    if _matrix:
        terminalreporter.section("the decision matrix: planned = counted")
        terminalreporter.write_line(side_by_side([HEAD, *_matrix]))
    for text in _loads:
        terminalreporter.section("updates under load")
        terminalreporter.write_line(text)


@pytest.fixture(scope="session", autouse=True)
def daemon() -> None:
    """Fail at once, and say why, where no Docker daemon answers."""
    try:
        docker.from_env().ping()
    except docker.errors.DockerException as error:
        pytest.exit(f"integration tests need a Docker daemon: {error}; run `make test`", 1)


@pytest.fixture(scope="module")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeSite]:
    """Make sites that leave nothing behind when the module's tests are over."""
    sites: list[Site] = []

    def make(name: str, **options: object) -> Site:
        deployment = f"t-{re.sub(r'[^a-z0-9]+', '-', name.lower())[:20]}-{secrets.token_hex(3)}"
        folder: Path = tmp_path_factory.mktemp(name)
        site = Site(folder=folder, deployment=deployment, **options)  # type: ignore[arg-type]
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.remove_everything()
