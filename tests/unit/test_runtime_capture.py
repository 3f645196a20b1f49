"""What a block, its threads and its subprocesses print is passed on, and its end kept."""

import io
import subprocess
import sys
import threading
import time

import pytest

from deploy_runtime import capture
from tests.unit.runtime_project import ROOT

SCRIPT = """
import os, subprocess, sys, threading
from deploy_runtime.capture import captured

progress = os.fdopen(os.dup(2), "w")
with captured("> ", progress, quiet={quiet}) as found:
    {code}
found.finish(without={without!r})
print("after", len(found.lines), repr(found.last))
"""


def run(code: str, without: str = "", quiet: bool = False) -> tuple[str, list[str]]:
    """What stdout got, and the lines on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(code=code, without=without, quiet=quiet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize(
    "code",
    [
        "print('x')",
        "print('x', file=sys.stderr)",
        "os.write(1, b'x')",
        "subprocess.run(['echo', 'x'])",
        "t = threading.Thread(target=print, args=('x',)); t.start(); t.join()",
    ],
)
def test_whoever_prints_it_lands_on_stderr_and_is_kept(code: str) -> None:
    assert run(code) == ("after 1 'x'\n", ["> x"])


def test_the_last_line_is_left_out_if_it_is_told_elsewhere() -> None:
    assert run("print('a'); print('b')", without="b")[1] == ["> a"]


def test_a_quiet_block_passes_nothing_on_but_keeps_its_end() -> None:
    assert run("print('a'); print('b')", quiet=True) == ("after 2 'b'\n", [])


def test_only_the_end_is_kept() -> None:
    assert run("print(*range(50), sep='\\n')")[0] == "after 20 '49'\n"


def test_a_progress_bar_is_its_last_state() -> None:
    assert run("print('10%\\r50%\\r100%')")[1] == ["> 100%"]


def test_a_process_that_stays_behind_does_not_hold_it_up() -> None:
    started = time.monotonic()
    assert run("print('x', flush=True); subprocess.Popen(['sleep', '5'])")[1] == ["> x"]
    assert time.monotonic() - started < 4


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert run("os.write(1, b'\\xff\\n')")[1] == ["> \ufffd"]


def test_a_long_silence_is_broken_by_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(capture, "_HEARTBEAT", 0.05)
    out = io.StringIO()
    source, sink = os.pipe()
    found = capture.Captured("> ", out)
    thread = threading.Thread(target=found.pump, args=(source,))
    thread.start()
    os.write(sink, b"copying\n")
    time.sleep(0.2)
    os.close(sink)
    thread.join()
    assert "> … running for 0 s copying" in out.getvalue()
