"""Which kills a seed stands for, how one is written, and the table of what held."""

import argparse
from collections.abc import Sequence

import pytest

from bench import kills
from bench.kill_plans import Plan, plan
from bench.kill_plans import parse as parse_words
from bench.kills import table
from tests.integration.interruption import Boundary, Cut, CutOff
from tests.integration.trials import Trial

EDGE = Boundary(side="before", operation="create", resource="edge")
GATE = Boundary(side="after", operation="create", resource="gate")


def uninterrupted(*boundaries: Boundary, seconds: float) -> CutOff:
    return CutOff(code=0, seconds=seconds, ended_in=0, boundaries=list(boundaries), output="")


def parse(words: Sequence[str]) -> argparse.Namespace:
    return parse_words(words, None)


def planned(*words: str) -> list[str]:
    measured = {
        "clean": uninterrupted(EDGE, GATE, EDGE, seconds=10),
        "update": uninterrupted(GATE, seconds=4),
        "migration": uninterrupted(seconds=6),
        "window": uninterrupted(seconds=8),
        "restore": uninterrupted(seconds=5),
    }
    return [str(one) for one in plan(parse(words), measured)]


def test_a_seed_stands_for_the_same_trials_each_time() -> None:
    assert planned("--seed", "1") == planned("--seed", "1")
    assert planned("--seed", "1") != planned("--seed", "2")


def test_every_boundary_and_a_hundred_instants_are_the_default() -> None:
    found = planned("--seed", "1")
    assert [one.rpartition("|")[0] for one in found[:3]] == [
        "clean|before create edge",
        "clean|after create gate",
        "update|after create gate",
    ]
    instants = found[3:]
    assert len(instants) == 100
    longest = {"clean": 10.0, "update": 4.0, "migration": 6.0, "window": 8.0, "restore": 5.0}
    for one in instants:
        scenario, instant, victim = one.split("|")
        assert 0 <= float(instant) <= longest[scenario]
        assert victim in ("all", "pulumi")
    assert {one.split("|")[0] for one in instants} == set(longest)


def test_less_can_be_asked_for() -> None:
    found = planned("--seed", "1", "--random", "2", "--boundaries", "1", "--scenarios", "clean")
    assert len(found) == 3
    assert all(one.startswith("clean|") for one in found)


@pytest.mark.parametrize("text", ["update|3.200|pulumi", "clean|before create edge|all"])
def test_one_is_written_as_it_is_read(text: str) -> None:
    assert str(Plan.parse(text)) == text
    assert parse(["--at", text]).at == [Plan.parse(text)]


@pytest.mark.parametrize("text", ["", "update|3.2", "never|3.2|all", "clean|before edge|all"])
def test_what_is_no_trial_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write SCENARIO"):
        Plan.parse(text)


def test_a_scenario_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--scenarios", "clean,weekend"])
    assert (
        "'weekend' is unknown; there are clean, update, migration, window, restore"
        in capsys.readouterr().err
    )


def test_the_stack_may_be_configured(capsys: pytest.CaptureFixture[str]) -> None:
    found = parse(["--config", "database=postgres", "--config", "replicas=2"]).config
    assert found == [("database", "postgres"), ("replicas", "2")]
    with pytest.raises(SystemExit):
        parse(["--config", "postgres"])
    assert "write KEY=VALUE" in capsys.readouterr().err


def result(text: str, *problems: str, failed: int = 0) -> tuple[Plan, Trial]:
    one = Plan.parse(text)
    trial = Trial(
        cut=one.cut,
        code=-9,
        said="",
        problems=list(problems),
        visits=100,
        failed_visits=failed,
        seconds=1.0,
    )
    return one, trial


def test_the_table_counts_what_held() -> None:
    found = table(
        [
            result("update|3.2|all"),
            result("update|1.2|all", "visitors were failed", failed=3),
            result("clean|before create edge|pulumi"),
        ]
    )
    assert [line.split() for line in found.splitlines()[1:]] == [
        ["clean", "a", "boundary", "pulumi", "1", "1", "100", "0"],
        ["update", "an", "instant", "all", "2", "1", "200", "3"],
    ]


def test_a_failed_trial_is_said_and_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Bench:
        def __init__(self, _options: argparse.Namespace) -> None:
            self.results = [result("update|1.2|all", "oh no"), result("update|3.2|all")]

        def run(self) -> None:
            raise KeyboardInterrupt

        def close(self) -> None:
            pass

    monkeypatch.setattr(kills, "Bench", Bench)
    monkeypatch.setattr(kills, "use_engine", lambda: None)
    assert kills.main(["--seed", "5", "--config", "replicas=2"]) == 1
    printed = capsys.readouterr()
    assert "seed 5" in printed.out
    assert "bench.kills --config replicas=2 --at 'update|1.200|all'" in printed.out
    assert "3.200" not in printed.out
    assert "interrupted" in printed.err


def test_a_cut_says_what_it_is() -> None:
    assert str(Cut(at=EDGE)) == "SIGKILL to all of it before create edge"
    assert str(Cut(at=1.5, whole=False)) == "SIGKILL to pulumi after 1.50 s"
