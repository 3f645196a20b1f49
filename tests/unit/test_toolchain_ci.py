"""What `make test` and its relatives run, and CI after it: modules in turn while there is time."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from toolchain import ci, cli, development, testing
from toolchain.ci import MINUTE, Clock, Turns
from toolchain.progress import Progress

MODULES = [f"test_{letter}" for letter in "abcdefghijklmnop"]


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_commit_always_has_the_same_order() -> None:
    assert ci.order(MODULES, "c0ffee") == ci.order(reversed(MODULES), "c0ffee")
    assert sorted(ci.order(MODULES, "c0ffee")) == MODULES
    assert ci.order(MODULES, "c0ffee") != ci.order(MODULES, "decaf")


def test_each_module_is_among_the_first_half_for_half_of_the_commits() -> None:
    half = len(MODULES) // 2
    first = Counter(
        name for number in range(200) for name in ci.order(MODULES, f"commit {number}")[:half]
    )
    assert {*first} == {*MODULES}
    assert 70 < min(first.values()) < max(first.values()) < 130


def test_the_order_is_the_commits() -> None:
    assert ci.commit() == ci.commit() != ""


@pytest.mark.parametrize(
    ("minutes", "longest", "may"),
    [(0, 0, True), (54.9, 5, True), (54.9, 26, True), (54.9, 28, False), (55, 0, False)],
)
def test_no_module_is_begun_too_late(minutes: float, longest: float, may: bool) -> None:
    now = Time()
    clock = Clock(now=now, longest=longest * MINUTE)
    now.now += minutes * MINUTE
    assert clock.may_start() is may


@pytest.mark.parametrize(
    ("minutes", "longest", "limit"), [(10, 1, 20), (10, 10, 30), (54, 10, 28), (10, 30, 72)]
)
def test_none_goes_on_beyond_what_ci_allows(minutes: float, longest: float, limit: float) -> None:
    now = Time()
    clock = Clock(now=now, longest=longest * MINUTE)
    now.now += minutes * MINUTE
    assert clock.limit() == pytest.approx(limit * MINUTE)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


def made(code: str, clock: Clock, output: io.StringIO) -> Turns:
    """Turns whose modules are a piece of Python, with the module's path as its argument."""
    return Turns([sys.executable, "-c", code], os.environ, clock, Progress(output))


def test_modules_run_in_processes_of_their_own_and_failures_are_kept(output: io.StringIO) -> None:
    code = "import sys; print('ran', sys.argv[1]); sys.exit(3 * ('_b' in sys.argv[1]))"
    run = made(code, Clock(), output)
    assert run.run(["test_a", "test_b", "test_c"]) == []
    assert run.codes == {"test_a": 0, "test_b": 3, "test_c": 0}
    for name in run.codes:
        assert f"ran tests/integration/{name}.py" in output.getvalue()
    assert "FAILED, module" in output.getvalue()


def test_those_there_is_no_time_for_are_left_out(output: io.StringIO) -> None:
    now = Time()
    clock = Clock(now=now)
    now.now += 56 * MINUTE
    run = made("", clock, output)
    assert run.run(["test_a", "test_b"]) == ["test_a", "test_b"]
    assert run.codes == {}


def test_a_module_that_hangs_is_ended_and_fails(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ci, "PATIENCE", 1.0)
    monkeypatch.setattr(ci, "GRACE", 0.5)
    # It ignores that it is interrupted, and so does what it started.
    deaf = "import signal, subprocess, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    code = f"{deaf} print('here', flush=True); subprocess.run(['sleep', '600'])"
    run = made(code, Clock(), output)
    began = time.monotonic()
    assert run.run(["test_a"]) == []
    assert time.monotonic() - began < 30
    assert run.codes["test_a"] != 0
    assert "here" in output.getvalue()
    assert "FAILED: test_a was not through after 1.0 s, and was ended" in output.getvalue()


def test_an_interrupted_run_ends_its_modules_and_begins_no_other(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ci, "GRACE", 0.5)
    deaf = "import signal, sys, time, pathlib; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    mark = f"pathlib.Path({str(tmp_path)!r}, pathlib.Path(sys.argv[1]).stem).touch(); "
    run = made(f"{deaf}{mark}time.sleep(600)", Clock(), output)

    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < ci.SIDE_BY_SIDE:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run.run(MODULES)
    assert time.monotonic() - began < 30
    assert len(list(tmp_path.iterdir())) == ci.SIDE_BY_SIDE


def report(folder: Path, name: str, **counts: int) -> None:
    words = " ".join(f'{key}="{value}"' for key, value in counts.items())
    (folder / f"{name}.xml").write_text(f"<testsuites><testsuite {words}/></testsuites>")


def test_the_closing_line_sums_up_all_runs(tmp_path: Path) -> None:
    report(tmp_path, "a", tests=10, failures=1, errors=0, skipped=2)
    report(tmp_path, "b", tests=5, failures=0, errors=1, skipped=0)
    line = testing.closing_line(tmp_path, {"a": 1, "b": 1}, 3312.2)
    said = " 1 failed, 11 passed, 2 skipped, 1 errors in 3312.20s (0:55:12) "
    assert line == f"========{said}========"


def test_what_failed_is_named_once_more_in_the_end(tmp_path: Path) -> None:
    case = '<testcase classname="tests.integration.test_a" name="{}">{}</testcase>'
    cases = [("good", ""), ("skipped", "<skipped/>"), ("bad", "<failure/>"), ("odd", "<error/>")]
    text = "".join(case.format(*each) for each in cases)
    for name in ("essential-fast", "test_a"):
        (tmp_path / f"{name}.xml").write_text(
            f"<testsuites><testsuite>{text}</testsuite></testsuites>"
        )
    assert testing.failed_tests(tmp_path) == [
        "tests.integration.test_a::bad",
        "tests.integration.test_a::odd",
    ]


def test_a_run_that_ended_without_a_report_is_an_error(tmp_path: Path) -> None:
    report(tmp_path, "a", tests=10, failures=0, errors=0, skipped=0)
    (tmp_path / "b.xml").write_text("<testsuites><testsu")
    line = testing.closing_line(tmp_path, {"a": 0, "b": -9}, 60)
    assert " 10 passed, 1 errors in 60.00s (0:01:00) " in line
    assert "error" not in testing.closing_line(tmp_path, {"a": 0}, 60)


@pytest.mark.parametrize("fails", ["", "tests/unit", "test_b"])
def test_a_failure_anywhere_fails_the_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: str,
) -> None:
    program = tmp_path / "python"
    # Stands in for Python: it fails for one of the commands.
    program.write_text(f'#!/bin/sh\ncase "$*" in *{fails or "nothing"}*) exit 1;; esac\n')
    program.chmod(0o755)
    folder = tmp_path / "tests/integration"
    folder.mkdir(parents=True)
    for name in ("test_a.py", "test_b.py", "harness.py"):
        (folder / name).touch()
    monkeypatch.setattr(ci, "python", lambda: program)
    monkeypatch.setattr("toolchain.testing.python", lambda: program)
    monkeypatch.setattr("toolchain.paths.ROOT", tmp_path)
    monkeypatch.setattr(ci, "REPORTS", tmp_path / "reports")
    code = ci.run({}, Progress(), Clock())
    said = capsys.readouterr().out
    assert code == (1 if fails else 0)
    assert "left out, for want of time: nothing" in said
    assert ("FAILED: " in said) is bool(fails)
    assert said.splitlines()[-1].startswith("====")
    assert "test_b, test_a" in said or "test_a, test_b" in said


@pytest.mark.parametrize(
    ("words", "ran"),
    [
        (["test"], "-m pytest -n 2 --dist loadfile -m essential tests/integration"),
        (["test-all"], "-m pytest -n 2 --dist loadfile tests/integration"),
        (["test-integration"], "-m pytest -n 2 --dist loadfile tests/integration"),
        (
            ["test-integration", "--tests", "tests/integration/test_edge.py -k 'a or b'"],
            "-m pytest -n 2 --dist loadfile tests/integration/test_edge.py -k a or b",
        ),
    ],
)
def test_what_each_command_runs_last(
    monkeypatch: pytest.MonkeyPatch, words: list[str], ran: str
) -> None:
    streamed: list[str] = []

    def stream(command: list[object], **_: object) -> int:
        streamed.append(" ".join(map(str, command[1:])))
        return 0

    monkeypatch.setattr("toolchain.testing.stream", stream)
    monkeypatch.setattr(development, "_test_environment", lambda *_, **__: {})
    assert cli.main(words) == 0
    assert streamed[-1] == ran
    assert ("-m mypy ." in streamed) is (words != ["test-integration", *words[1:]])


def test_make_hands_on_which_tests_are_wanted(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    chosen = "tests/integration/test_edge.py -k 'body or \"replicas\"'"
    words = ["make", "--silent", "test-integration", f"PYTHON={program}", f"TESTS={chosen}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["-m", "toolchain", "test-integration", f"--tests={chosen}"]


def test_ci_is_one_command_of_the_makefile() -> None:
    assert Path(".ci/run").read_text().splitlines()[-1] == "make ci"


def test_ci_counts_from_its_very_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[float] = []

    def environment(*_: object, integration: bool) -> dict[str, str]:
        assert integration, "with the engine and a daemon"
        began.append(time.monotonic())
        return {"A": "b"}

    def run(env: dict[str, str], progress: Progress, clock: Clock) -> int:
        assert env == {"A": "b"}
        assert clock.began <= began[0], "what gets the engine counts, too"
        return 3

    monkeypatch.setattr(development, "_test_environment", environment)
    monkeypatch.setattr(ci, "run", run)
    assert cli.main(["ci"]) == 3
