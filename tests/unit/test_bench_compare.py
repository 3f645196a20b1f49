"""The command line of the bench, and the order of what it does."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bench import compare, life
from bench.compare import at_least_one, contenders, parse
from bench.counts import Built
from bench.life import CLEAN, RESTART, ROWS, UPDATE, Life
from bench.process import BenchError, Timed


class Pretended:
    """A contender that writes down what it is told."""

    url = "http://127.0.0.1:1"
    backend = "container"

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.told: list[str] = []

    def deploy(self) -> Timed:
        return self._do("deploy")

    def edit(self, line: str = "", file: str = "views.py") -> None:
        self._do(f"edit {file}")

    def update(self) -> Timed:
        return self._do("update")

    def redeploy(self) -> Timed:
        return self._do("redeploy")

    def restart(self) -> Timed:
        return self._do("restart")

    def notes(self) -> list[dict[str, Any]]:
        ran = [word for word in self.told if not word.startswith("edit")]
        return [
            {"event": "boot", "pid": pid, "argv": [], "origin": "command", "seconds": 1.0}
            for pid, _ in enumerate(ran)
        ]

    def ledger(self) -> list[dict[str, Any]] | None:
        return None

    def built(self, run: Timed) -> Built | None:
        return None

    def _do(self, what: str) -> Timed:
        self.told.append(what)
        return Timed(seconds=2.0, output="")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites that answer at once, and notes that have settled."""
    monkeypatch.setattr(life, "status", lambda url: 200)
    monkeypatch.setattr(life, "wait_for_200", lambda url: 0.5)
    monkeypatch.setattr(life, "SETTLING_SECONDS", 0.0)


def test_a_life_has_all_rows_in_order(answering: None) -> None:
    site, said = Pretended(), list[str]()
    rows = Life(site, said.append).live()
    assert tuple(rows) == ROWS
    assert site.told == [
        "edit views.py",
        "deploy",
        "restart",
        "edit views.py",
        "update",
        "redeploy",
    ]
    assert said[0] == "clean server: 2.0 s"


def test_each_row_has_its_own_notes_only(answering: None) -> None:
    rows = Life(Pretended(), print).live()
    assert [rows[name].tally.all("start").calls for name in ROWS] == [1, 1, 1, 1]


def test_a_restart_lasts_until_the_first_page(answering: None) -> None:
    rows = Life(Pretended(), print).live()
    assert rows[RESTART].seconds == 2.5
    assert rows[RESTART].stopping == 2.0
    assert rows[CLEAN].visits is None
    assert rows[UPDATE].visits is not None


def test_a_cold_life_installs_dependencies_anew(answering: None) -> None:
    site = Pretended()
    Life(site, print).live(cold=True)
    assert site.told[:2] == ["edit views.py", "edit requirements.txt"]


def test_a_site_that_does_not_answer_is_no_result(
    answering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "status", lambda url: 502)
    with pytest.raises(BenchError, match="answers 502"):
        Life(Pretended(), print).live()


def test_a_ledger_that_disagrees_with_the_probe_is_no_result(
    answering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"operation": "migrate", "point": "startup", "result": {"applied": 3}}
    monkeypatch.setattr(Pretended, "ledger", lambda self: [record])
    with pytest.raises(BenchError, match="migrate in startup: the probe has 0 calls"):
        Life(Pretended(), print).live()


def test_contenders_take_turns_and_turn_the_order_around(
    answering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []

    @contextmanager
    def make(name: str, folder: str) -> Iterator[Pretended]:
        order.append(name)
        yield Pretended(name)
        order.append(f"{name} removed")

    monkeypatch.setattr(compare, "make", make)
    monkeypatch.setattr(compare, "Host", lambda: None)
    results = compare.compare(["a", "b"], 2)
    assert order[::2] == ["a", "b", "b", "a"]
    assert order[1::2] == ["a removed", "b removed", "b removed", "a removed"]
    assert [len(lives) for lives in results.values()] == [2, 2]


def test_the_defaults() -> None:
    options = parse([])
    assert options.contenders == ["original", "recommended"]
    assert options.repetitions == 3
    assert not options.cold


def test_contenders_are_named() -> None:
    assert contenders("aggressive, original") == ["aggressive", "original"]
    assert contenders("all")[0] == "original"
    assert len(contenders("all")) == 5


@pytest.mark.parametrize("text", ["", "fastest", "original,original"])
def test_contenders_that_cannot_be(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        contenders(text)


def test_the_error_says_that_all_can_be_had_by_one_word() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"aggressive, or 'all'$"):
        contenders("fastest")


@pytest.mark.parametrize("text", ["0", "-1", "two", ""])
def test_repetitions_that_cannot_be(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        at_least_one(text)


def test_repetitions() -> None:
    assert at_least_one("5") == 5
