"""Integration tests use the real engine and the real daemon; without them they fail."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import docker
import docker.errors
import pytest

from components.text_table import text_table
from tests.integration import faults, unseen
from tests.integration.counting import HEAD, MATRIX
from tests.integration.faults import FAULT, Fault
from tests.integration.harness import Site
from tests.integration.installed import Installed, build, environment
from tests.integration.progress import Progress
from tests.integration.second_host import SecondHost
from tests.integration.ssh_host import SshHost

MakeSite = Callable[..., Site]
ByInit = Callable[..., Installed]
BeginFault = Callable[[str], Fault]

LOAD = "load"
"""The property of a test by which it hands over what became of a load, as text."""

TRIED = "tried"
"""The property of a test by which it hands over what a project with a property took."""

_FOLDER = Path(__file__).parent
_matrix: list[tuple[str, ...]] = []
_loads: list[str] = []
_tried: list[tuple[str, ...]] = []
_faults: list[tuple[str, str]] = []
_failed: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    """Where results come together, progress is said; in no worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config), "progress")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what tests counted, also those that ran in other processes."""
    if report.failed:
        _failed.add(report.nodeid)
    if report.when != "teardown":
        return
    _loads.extend(str(text) for name, text in report.user_properties if name == LOAD)
    for name, line in report.user_properties:
        if not isinstance(line, list | tuple):
            continue
        if name == TRIED:
            _tried.append(tuple(map(str, line)))
        if name == MATRIX:
            _matrix.append(tuple(map(str, line)))
        if name == FAULT:
            case, seen = map(str, line)
            _faults.append((case, f"FAILED: {seen}" if report.nodeid in _failed else seen))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run of all tests in which a fault has none is no success."""
    if _unreported(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the matrix and the counts side by side, what became of loads, and of faults."""
    if _matrix:
        terminalreporter.section("the decision matrix: planned = counted")
        terminalreporter.write_line(text_table([HEAD, *_matrix]))
    if _tried:
        terminalreporter.section("property projects: by what init wrote")
        head = ("project", "property", "keys", "edits", "attempts", "image")
        terminalreporter.write_line(text_table([head, *_tried]))
    for text in _loads:
        terminalreporter.section("updates under load")
        terminalreporter.write_line(text)
    if _faults:
        terminalreporter.section("faults")
        terminalreporter.write_line(faults.as_table(_faults))
        looked_at = len({case for case, _ in _faults})
        if looked_at < len(faults.CASES):
            terminalreporter.write_line(
                f"{looked_at} of {len(faults.CASES)} cases; `make test-all` looks at all of them"
            )
    for case in _unreported(config):
        terminalreporter.write_line(f"FAILED: no test said what it saw of {case!r}")


def _unreported(config: pytest.Config) -> list[str]:
    # Where only some tests were asked for, or the run is a worker's, nothing is missing.
    everything = [Path(word).resolve() for word in config.args] == [_FOLDER]
    selected = config.option.keyword or config.option.markexpr or config.option.collectonly
    if not everything or selected or hasattr(config, "workerinput"):
        return []
    return faults.missing(case for case, _ in _faults)


@pytest.fixture
def fault(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[BeginFault]:
    """Begin a case of `faults.CASES`; what the test says that it saw goes into the table."""
    failed_before = request.session.testsfailed
    begun: list[Fault] = []

    def begin(case: str) -> Fault:
        assert case in faults.CASES, f"{case!r} is no case of tests/integration/faults.py"
        begun.append(Fault(case))
        return begun[-1]

    yield begin
    failed = request.session.testsfailed > failed_before
    for one in begun:
        for seen in one.seen or ["nothing was said"]:
            record_property(FAULT, (one.case, seen))
    silent = [one.case for one in begun if not one.seen]
    assert failed or not silent, f"what was seen of {', '.join(silent)}?"


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


@pytest.fixture(scope="module")
def ssh_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHost]:
    """The machine's daemon, as a host elsewhere."""
    host = SshHost(tmp_path_factory.mktemp("ssh"))
    yield host
    host.stop()


@pytest.fixture(scope="session")
def second_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondHost]:
    """A host elsewhere: a daemon of its own behind ssh, and a way there that can break."""
    made = SecondHost(tmp_path_factory.mktemp("second"))
    yield made
    made.remove()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the repository builds."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that the wheel is installed for."""
    return environment(wheel, tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def by_init(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByInit]:
    """Deploy copies of projects by what `init` writes and says; nothing of them is left behind."""
    sites: list[Installed] = []

    def deploy(
        copy: Callable[[Path], Path], name: str, answers: Mapping[str, str], **choices: object
    ) -> Installed:
        deployment = f"t-{name}-{secrets.token_hex(3)}"
        project = copy(tmp_path_factory.mktemp(name) / deployment)
        site = Installed(
            folder=project / "deploy", deployment=deployment, stack=deployment, python=python
        )
        sites.append(site)
        before = unseen.digest(project)
        site.init_and_up(answers, choices)
        assert unseen.digest(project) == before, "nothing but deploy/ was written"
        return site

    yield deploy
    for site in sites:
        site.remove_everything()
