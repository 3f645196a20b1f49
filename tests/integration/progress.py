"""Says while tests run which one ended, how many of all are done, and since when it runs."""

import threading
import time
from collections.abc import Generator, Sequence

import pytest

SILENCE = 30.0
"""Seconds without a test that ends, after which it is said which ones are running."""


class Progress:
    """A plugin of the process that reports; `pytest -n` has it report for all its workers.

    Args:
        config: what pytest was called with.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = self._said = time.monotonic()
        self._all = self._done = 0
        self._running: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._failed: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()

    def pytest_sessionstart(self) -> None:
        """Begin to watch for silence, where workers run the tests.

        Where this process does, what is written during a test is taken for its output.
        """
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(reporter, pytest.TerminalReporter):
            reporter.showfspath = False
        if self._config.pluginmanager.hasplugin("dsession"):
            threading.Thread(target=self._watch, daemon=True).start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know how many tests there are, where this process runs them itself."""
        self._all = len(session.items) or self._all

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Know how many tests there are, where workers run them."""
        self._all = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note what is running."""
        with self._lock:
            self._running[nodeid] = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say that a test ended, and how."""
        name = report.nodeid
        self._took[name] = self._took.get(name, 0) + report.duration
        if report.failed:
            self._failed.add(name)
        if report.when in ("setup", "call"):
            return
        self._done += 1
        with self._lock:
            self._running.pop(name, None)
        how = "  FAILED" if name in self._failed else ""
        self._say(f"{short(name)}  {self._took[name]:.1f} s{how}")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self,
    ) -> Generator[None, tuple[str, str, object], tuple[str, str, object]]:
        """Instead of a dot there is a line."""
        category, _, word = yield
        return category, "", word

    def pytest_sessionfinish(self) -> None:
        """There is nothing more to say."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(SILENCE / 4):
            if time.monotonic() - self._said < SILENCE:
                continue
            with self._lock:
                running = list(self._running.items())
            if not running:
                continue
            now = time.monotonic()
            names = (f"{short(name)} ({now - since:.0f} s)" for name, since in running)
            self._say("running: " + ", ".join(names))

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        minutes, seconds = divmod(int(self._said - self._began), 60)
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(reporter, pytest.TerminalReporter):
            reporter.write_line(f"{minutes:3}:{seconds:02}  {self._done:3}/{self._all}  {text}")
            reporter.flush()


def short(nodeid: str) -> str:
    """A test's name without its folder: ``test_edge: replicas_come_and_go``."""
    file, _, test = nodeid.partition("::")
    module = file.rpartition("/")[2].removesuffix(".py")
    return f"{module}: {test.removeprefix('test_')}"
