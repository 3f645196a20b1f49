"""`python -m bench.kills`: updates killed at every resource's boundary and at random instants.

Each trial kills an update, runs the documented recovery and `pulumi up`, and looks whether all is
as if nothing had happened: the site and its data, what is on the host, sessions, visitors, a
preview without changes. It prints the seed, a line for each trial, a table, and how to repeat what
failed.
"""

import argparse
import math
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.compare import use_engine
from tests.integration.harness import Site
from tests.integration.interruption import Boundary, Cut, CutOff, cut_off
from tests.integration.trials import Subject, Trial, trial
from toolchain.errors import ToolchainError

CLEAN, UPDATE = "clean", "update"
SCENARIOS = (CLEAN, UPDATE)
WHOLE, CLI = "all", "pulumi"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One trial that is to be made.

    Attributes:
        scenario: a clean server, or an update of a site that serves.
        cut: how it is cut off.
    """

    scenario: str
    cut: Cut

    def __str__(self) -> str:
        """As `--at` takes it."""
        at = self.cut.at
        when = f"{at:.3f}" if isinstance(at, float) else str(at)
        return f"{self.scenario}|{when}|{WHOLE if self.cut.whole else CLI}"

    @classmethod
    def parse(cls, text: str) -> "Plan":
        """What `str` gives.

        Raises:
            argparse.ArgumentTypeError: it is nothing of the kind.
        """
        scenario, when, victim = [*text.split("|"), "", ""][:3]
        words = when.split()
        if scenario not in SCENARIOS or victim not in (WHOLE, CLI) or len(words) not in (1, 3):
            raise argparse.ArgumentTypeError(
                f"{text!r}: write SCENARIO|MOMENT|VICTIM, such as 'update|3.2|{CLI}' or "
                f"'clean|before create edge|{WHOLE}'"
            )
        moment = (
            Boundary(side=words[0], operation=words[1], resource=words[2])
            if len(words) == 3
            else float(when)
        )
        return cls(scenario=scenario, cut=Cut(at=moment, whole=victim == WHOLE))


class Bench:
    """Makes trials, each on a site that is well.

    Args:
        options: the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._served: Subject | None = None
        self._wanted: Counter[str] = Counter()
        self.results: list[tuple[Plan, Trial]] = []

    def run(self) -> None:
        """All trials."""
        first, update = self._measure()
        say(f"uninterrupted: clean server {first.seconds:.1f} s, update {update.seconds:.1f} s")
        plans = self._options.at or list(plan(self._options, first, update))
        for number, planned in enumerate(plans, start=1):
            result = self._try(planned)
            self.results.append((planned, result))
            verdict = "; ".join(result.problems) or "held"
            say(f"{number}/{len(plans)} {planned} ({result.seconds:.0f} s): {verdict}")

    def close(self) -> None:
        """Leave nothing behind."""
        self._drop(self._served)
        self._served = None

    def _measure(self) -> tuple[CutOff, CutOff]:
        subject = self._subject()
        first = cut_off(subject.site, Cut(at=math.inf))
        if first.code != 0:
            raise SystemExit(f"an uninterrupted update fails:\n{first.output}")
        subject.settle()
        self._served, self._wanted = subject, subject.wanted
        subject.edit()
        return first, cut_off(subject.site, Cut(at=math.inf))

    def _try(self, planned: Plan) -> Trial:
        if planned.scenario == CLEAN:
            subject = self._subject()
            subject.wanted = self._wanted
            try:
                return trial(subject, planned.cut, served=False, say=say)
            finally:
                self._drop(subject)
        subject = self._served or self._new_served()
        subject.edit()
        result = trial(subject, planned.cut, served=True, say=say)
        if result.problems:
            # What is wrong with it now must not be blamed on the next trial.
            self.close()
        return result

    def _new_served(self) -> Subject:
        self._served = self._subject()
        self._served.site.up()
        self._served.settle()
        return self._served

    def _subject(self) -> Subject:
        folder = Path(tempfile.mkdtemp(prefix="kills-"))
        return Subject(site=Site(folder=folder, deployment=f"t-kills-{secrets.token_hex(3)}"))

    def _drop(self, subject: Subject | None) -> None:
        if subject:
            subject.site.remove_everything()
            shutil.rmtree(subject.site.folder, ignore_errors=True)


def plan(options: argparse.Namespace, first: CutOff, update: CutOff) -> Iterator[Plan]:
    """The trials that a seed stands for."""
    chance = random.Random(options.seed)
    measured = {CLEAN: first, UPDATE: update}
    for scenario in options.scenarios:
        every = list(dict.fromkeys(measured[scenario].boundaries))
        count = len(every) if options.boundaries is None else min(options.boundaries, len(every))
        for moment in sorted(chance.sample(every, count), key=every.index):
            yield Plan(scenario=scenario, cut=Cut(at=moment, whole=chance.random() < 0.5))
    for number in range(options.random):
        scenario = options.scenarios[number % len(options.scenarios)]
        instant = chance.uniform(0, measured[scenario].seconds)
        cut = Cut(at=round(instant, 3), whole=chance.random() < 0.5)
        yield Plan(scenario=scenario, cut=cut)


def table(results: Sequence[tuple[Plan, Trial]]) -> str:
    """How many trials of each kind were made and held, and what recovery had to do."""
    head = ("scenario", "killed at", "processes", "trials", "held", "visitors' requests", "failed")
    lines = [head]
    kinds = Counter(_kind(planned) for planned, _ in results)
    for kind, count in sorted(kinds.items()):
        of_kind = [result for planned, result in results if _kind(planned) == kind]
        held = sum(not result.problems for result in of_kind)
        visits = sum(result.visits for result in of_kind)
        failed = sum(result.failed_visits for result in of_kind)
        lines.append((*kind, str(count), str(held), str(visits), str(failed)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _kind(planned: Plan) -> tuple[str, str, str]:
    where = "an instant" if isinstance(planned.cut.at, float) else "a boundary"
    return planned.scenario, where, WHOLE if planned.cut.whole else CLI


def say(text: str) -> None:
    """Tell how it goes."""
    print(text, file=sys.stderr, flush=True)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--random", type=int, default=100, metavar="N", help="random instants")
    parser.add_argument(
        "--boundaries", type=int, metavar="N", help="boundaries of each scenario; default: every"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--scenarios", type=lambda text: text.split(","), default=list(SCENARIOS), metavar="A,B"
    )
    parser.add_argument(
        "--at",
        type=Plan.parse,
        action="append",
        metavar="SCENARIO|MOMENT|VICTIM",
        help="make this trial only, as it is printed; may be repeated",
    )
    options = parser.parse_args(argv)
    if not set(options.scenarios) <= set(SCENARIOS):
        parser.error(f"--scenarios: there are {', '.join(SCENARIOS)}")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Make the trials; return the exit code."""
    options = parse(argv)
    started = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    bench = Bench(options)
    try:
        use_engine()
        say(f"seed {options.seed}")
        bench.run()
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; what was running has been removed")
    finally:
        bench.close()
    failed = [planned for planned, result in bench.results if result.problems]
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s\n\n{table(bench.results)}")
    for planned in failed:
        print(f"to repeat it: .venv/bin/python -m bench.kills --at '{planned}'")
    return 1 if failed else 0


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
