"""While integration tests run they say which one ended, how many of all, and since when."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest, time

@pytest.fixture
def broken():
    raise RuntimeError("no lamp")

def test_one():
    time.sleep(1.5)

def test_two():
    assert 0

def test_three(broken):
    pass

@pytest.mark.skip
def test_four():
    pass
"""
CONFTEST = """
from tests.integration import progress

progress.SILENCE = 0.4

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(progress.Progress(config))
"""


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=str)
def test_a_line_for_each_test_and_for_long_silence(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {Path.cwd()}\n")
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    said = re.sub(r"\d+\.\d s", "N s", re.sub(r"^ *\d+:\d\d +", "", done.stdout, flags=re.M))
    lines = said.splitlines()
    assert "1/4  test_it: one  N s" in lines, done.stdout
    assert "2/4  test_it: two  N s  FAILED" in lines
    assert "3/4  test_it: three  N s  FAILED" in lines
    assert "4/4  test_it: four  N s" in lines
    silence = re.search(r"^0/4  running: test_it: one \(\d s\)$", said, flags=re.M)
    assert bool(silence) is bool(options), done.stdout
    assert re.search(r"= 1 failed, 1 passed, 1 skipped, 1 error in ", done.stdout)
    assert done.returncode == 1
