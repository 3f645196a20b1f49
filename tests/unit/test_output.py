"""What commands print can be read by Pulumi's command plugin, and their result comes back whole."""

import io
import subprocess
from typing import Any

import pytest

from components import step
from components.step_output import LINE, LINES, bounded, lines_of, parsed, result, say

READ = 64 * 1024
"""Bytes of a line that the official plugin reads."""
MANY = {"migrations": [f"shop.migrations.{number:04}_a_change" for number in range(5000)]}


def longest(text: str) -> int:
    """Bytes of a text's longest line."""
    return max(len(line.encode()) for line in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    ["", "one\n", "one\ntwo", "ü" * LINE, "\n".join(["line"] * LINES)],
    ids=["nothing", "a line", "lines", "a long line", "many lines"],
)
def test_what_is_short_stays_as_it_is(text: str) -> None:
    assert bounded(text) == text


def test_a_long_line_is_cut_between_its_beginning_and_its_end() -> None:
    said = bounded(f"before\nthe cause: {'🦫' * 1_000_000} at line 7\nafter")
    first, cut, last = said.split("\n")
    assert (first, last) == ("before", "after")
    assert cut.startswith("the cause: 🦫")
    assert cut.endswith("🦫 at line 7")
    assert "… (998021 characters left out) …" in cut
    assert longest(said) < READ / 4


def test_of_many_lines_the_beginning_and_the_end_are_kept() -> None:
    said = bounded("\n".join(map(str, range(100_000)))).split("\n")
    assert len(said) == LINES + 1
    assert (said[0], said[-1]) == ("0", "99999")
    assert "… (99800 lines left out) …" in said


def test_everything_that_is_said_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    say("x" * 1_000_000)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert longest(printed.err) < READ / 4


@pytest.mark.parametrize("size", [10, 70_000, 1_000_000])
def test_a_streams_lines_are_cut_however_long_they_are(size: int) -> None:
    stream = io.BytesIO(b"a\r\n" + b"the cause: " + b"x" * size + b" the end\n\nlast")
    first, long, *rest = lines_of(stream)
    assert (first, rest) == ("a", ["", "last"])
    assert long.startswith("the cause: xx")
    assert long.endswith("xx the end")
    assert longest(long) < READ / 4
    if size > LINE:
        assert f"({size + 19 - LINE} characters left out)" in long


@pytest.mark.parametrize("value", [None, {}, [1], {"ü": "ö\n" * 3}, {"steps": []}, MANY])
def test_a_result_comes_back_whole(capsys: pytest.CaptureFixture[str], value: Any) -> None:
    result(value)
    printed = capsys.readouterr().out
    assert parsed(printed) == value
    # The plugin takes the last line break away.
    assert parsed(printed.removesuffix("\n")) == value
    assert longest(printed) < READ / 4


@pytest.mark.parametrize("stdout", [None, "", "\n", "no result", "{", "zlib:x", "zlib:YWJj"])
def test_what_is_no_result_is_none(stdout: str | None) -> None:
    assert parsed(stdout) is None


def test_an_update_says_the_result_again(capsys: pytest.CaptureFixture[str]) -> None:
    result(MANY)
    printed = capsys.readouterr().out.removesuffix("\n")
    # Linux takes no variable of more than 128 KB.
    assert len(printed) < 100_000
    words = ["/bin/sh", "-c", step.SAY_AGAIN]
    again = subprocess.run(
        words, env={"PULUMI_COMMAND_STDOUT": printed}, capture_output=True, text=True, check=True
    )
    assert again.stdout == f"{printed}\n"


def test_an_update_of_a_step_that_said_nothing_says_nothing() -> None:
    words = ["/bin/sh", "-c", step.SAY_AGAIN]
    again = subprocess.run(words, env={}, capture_output=True, text=True, check=True)
    assert (again.stdout, again.stderr) == ("\n", "")


def test_the_first_process_of_a_step_is_python_itself() -> None:
    assert (
        step.run("components.data.ownership_step")
        == "exec python3 -m components.data.ownership_step"
    )
    assert step.run("a.b_step", "remove") == "exec python3 -m a.b_step remove"
