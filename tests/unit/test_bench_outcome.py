"""From notes on requests to what is reported."""

import re
from pathlib import Path
from typing import Any

import pytest

from bench.load import Notes
from bench.outcome import AFTER, BEFORE, DURING, Note, Outcome, Updated, read_notes, spread
from bench.updates import held
from bench.updates_report import report


def note(due: float, took: float = 0.01, **values: Any) -> Note:
    given = {
        "sent": due,
        "ended": due + took,
        "kind": "read",
        "connection": "kept",
        "key": f"1-{due:g}",
        "status": 200,
        "release": "0",
        "error": "",
    }
    return Note(due=due, **{**given, **values})


def updated(**values: Any) -> Updated:
    given = {"release": "1", "what": "a line", "fails": False, "code": 0, "began": 10, "ended": 20}
    return Updated(**{**given, **values})


def outcome(notes: list[Note], *updates: Updated, stored: Any = None) -> Outcome:
    for update in updates:
        update.see(notes)
    return Outcome(notes=notes, updates=updates, stored=stored)


def test_notes_are_read_as_they_were_written(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes")
    notes.add(["2", "2.5", "3", "write", "idle 3", "1-2", "502", "", "status 502"])
    notes.add(["1", "1.0", "4", "read", "kept", "1-1", "200", "7", ""])
    notes.close()
    with (tmp_path / "notes").open("a") as stream:
        stream.write("3\t3")  # cut off
    first, second = read_notes(tmp_path / "notes")
    assert (first.release, first.error, first.ended) == ("7", "", 4.0)
    assert (second.status, second.error, second.connection) == (502, "status 502", "idle 3")


def test_lost_and_doubled_writes() -> None:
    notes = [
        note(1, kind="write", key="once"),
        note(2, kind="slow write", key="lost"),
        note(3, kind="write", key="twice"),
        note(4, kind="write", key="never acknowledged", error="status 502"),
        note(5, kind="read", key="no write"),
    ]
    found = outcome(notes, stored={"once": 1, "twice": 2, "never acknowledged": 1})
    assert found.lost == ["lost"]
    assert found.doubled == ["twice"]


def test_a_write_that_failed_and_is_there_twice_was_doubled() -> None:
    notes = [note(1, kind="write", key="a", error="closed without an answer")]
    assert outcome(notes, stored={"a": 2}).doubled == ["a"]


def test_latency_by_when_it_was_due() -> None:
    notes = [note(1, 0.1), note(12, 0.2), note(19.9, 0.4), note(21, 0.3), note(13, 9, error="x")]
    notes.append(note(14, 5, kind="slow read"))
    found = outcome(notes, updated()).latencies()
    assert found[BEFORE]["max"] == pytest.approx(0.1)
    assert found[DURING] == pytest.approx({"n": 2, "p50": 0.3, "p99": 0.398, "max": 0.4})
    assert found[AFTER]["max"] == pytest.approx(0.3)


def test_the_longest_time_without_a_good_answer() -> None:
    notes = [note(1), note(2, error="status 502"), note(4), note(4.5), note(4.6, 60)]
    assert outcome(notes).gap() == pytest.approx(3.0)
    notes += [note(5 + n, error="refused") for n in range(5)]
    assert outcome(notes).gap() == pytest.approx(9 - 4.51)


def test_what_the_load_saw_of_an_update() -> None:
    notes = [
        note(9),
        note(11),
        note(12, 0.5, release="1"),
        note(11.5, 5, kind="slow read"),
        note(13, error="status 502", release=""),
        note(30, release="1"),
    ]
    update = updated()
    outcome(notes, update)
    assert update.serving == pytest.approx(2.5)
    assert update.old == pytest.approx(6.5)
    assert (update.requests, update.failed) == (4, 1)
    assert update.held


def test_a_release_that_had_to_fail_must_not_serve() -> None:
    notes = [note(11), note(12, release="1")]
    update = updated(fails=True)
    found = outcome(notes, update)
    assert found.strays == 1
    assert not update.held
    assert outcome([note(11)], updated(fails=True)).updates[0].held


GOOD = [note(1, kind="write", key="a"), note(12, release="1")]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (outcome(GOOD, updated(), stored={"a": 1}), True),
        (outcome(GOOD, updated(), stored={}), False),
        (outcome(GOOD, updated(), stored={"a": 2}), False),
        (outcome(GOOD, updated(release="2"), stored={"a": 1}), False),
        (outcome(GOOD, updated(fails=True), stored={"a": 1}), False),
        (outcome([*GOOD, note(13, error="reset")], updated(), stored={"a": 1}), False),
    ],
)
def test_what_counts_as_held(found: Outcome, wanted: bool) -> None:
    assert held(found) is wanted


def test_the_report_says_what_happened() -> None:
    notes = [*GOOD, note(13, error="status 502", connection="idle 4")]
    text = report({"ours": outcome(notes, updated(phases={"gate": 1.5}), stored={"a": 2})})
    for words in (
        r"sent +3",
        r"failed +1",
        r"status 502 \(idle\) +1",
        r"writes doubled +1",
        r"1 a line +serve +2\.0 s",
        r"gate +1\.50",
    ):
        assert re.search(words, text), text


def test_a_run_that_was_broken_off_is_reported_too() -> None:
    text = report({"ours": outcome([])})
    assert "writes doubled" in text
    assert "?" in text


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], {"n": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}),
        ([2.0], {"n": 1, "p50": 2.0, "p99": 2.0, "max": 2.0}),
        ([float(n) for n in range(101)], {"n": 101, "p50": 50.0, "p99": 99.0, "max": 100.0}),
    ],
)
def test_spread(values: list[float], wanted: dict[str, float]) -> None:
    assert spread(values) == wanted
