"""Which updates are killed and when: what a command line and a seed stand for."""

import argparse
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.words import listed
from tests.integration.interruption import Boundary, Cut, CutOff

CLEAN, UPDATE, MIGRATION, WINDOW = "clean", "update", "migration", "window"
RESTORE = "restore"
SCENARIOS = (CLEAN, UPDATE, MIGRATION, WINDOW, RESTORE)
WHOLE, CLI = "all", "pulumi"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One trial that is to be made.

    Attributes:
        scenario: a clean server, an update of a site that serves, one that brings a migration,
            one whose migration needs a window, or the restoring of a copy.
        cut: how it is cut off.
    """

    scenario: str
    cut: Cut

    def __str__(self) -> str:
        """As `--at` takes it."""
        at = self.cut.at
        when = f"{at:.3f}" if isinstance(at, float) else str(at)
        return f"{self.scenario}|{when}|{WHOLE if self.cut.whole else CLI}"

    @property
    def kind(self) -> tuple[str, str, str]:
        """What it has in common with others: scenario, kind of moment, what is killed."""
        where = "an instant" if isinstance(self.cut.at, float) else "a boundary"
        return self.scenario, where, WHOLE if self.cut.whole else CLI

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


def plan(options: argparse.Namespace, measured: Mapping[str, CutOff]) -> Iterator[Plan]:
    """The trials that a seed stands for.

    Args:
        options: the command line.
        measured: of each scenario, an update that nobody killed.
    """
    chance = random.Random(options.seed)
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


def parse(argv: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=description)
    parser.add_argument("--random", type=int, default=100, metavar="N", help="random instants")
    parser.add_argument(
        "--boundaries", type=int, metavar="N", help="boundaries of each scenario; default: every"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--scenarios",
        type=listed(SCENARIOS),
        default=list(SCENARIOS),
        metavar="A,B",
        help=f"of {', '.join(SCENARIOS)}; default: all",
    )
    parser.add_argument(
        "--config",
        type=_pair,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the stack, such as database.engine=postgres; may be repeated",
    )
    parser.add_argument(
        "--at",
        type=Plan.parse,
        action="append",
        metavar="SCENARIO|MOMENT|VICTIM",
        help="make this trial only, as it is printed; may be repeated",
    )
    return parser.parse_args(argv)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r}: write KEY=VALUE, such as site.port=80")
    return key, value
