"""`python -m bench.breaks`: updates of a site on another host whose connection breaks on the way.

The host is a second daemon behind an ssh server of its own. At each boundary of an update, and at
random instants, every connection breaks and nobody gets there until the update has ended; then
follow the documented recovery and `pulumi up`, and a look at everything, as after a kill. Visitors
ask all the while, and none may fail.
"""

import argparse
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.compare import use_engine
from bench.kills import say
from components.text_table import text_table
from tests.integration.harness import Site
from tests.integration.interruption import Boundary, Cut, Moment, cut_off
from tests.integration.second_host import SecondHost
from tests.integration.trials import Subject, Trial, trial
from toolchain.errors import ToolchainError


def main(argv: Sequence[str] | None = None) -> int:
    """Make the trials; return the exit code."""
    options = parse(argv)
    folder = Path(tempfile.mkdtemp(prefix="breaks-"))
    started = time.monotonic()
    try:
        use_engine()
        results = run(options, folder)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s\n\n{table(results)}")
    return 1 if any(one.problems for _, one in results) else 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.breaks", description=__doc__)
    parser.add_argument("--boundaries", type=int, default=-1, help="how many; all, unless said")
    parser.add_argument("--random", type=int, default=20, help="how many instants besides")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10000))
    parser.add_argument("--delay", type=float, default=0.0, help="seconds of the line, each way")
    return parser.parse_args(argv)


def run(options: argparse.Namespace, folder: Path) -> list[tuple[Moment, Trial]]:
    """All trials, on one site."""
    (folder / "host").mkdir()
    host = SecondHost(folder / "host")
    try:
        site = Site(folder=folder / "site", deployment=f"t-breaks-{secrets.token_hex(3)}")
        host.takes(site)
        subject = Subject(site=site, daemon=host.daemon.address)
        site.up()
        subject.settle()
        host.way.delay = options.delay
        moments = list(plan(options, *_measured(subject)))
        return [(at, _try(subject, host, at, f"{n}/{len(moments)}")) for n, at in _counted(moments)]
    finally:
        host.remove()


def plan(
    options: argparse.Namespace, boundaries: Sequence[Boundary], seconds: float
) -> Iterator[Moment]:
    """When the connection breaks: at boundaries in their order, then at instants.

    Args:
        options: the command line.
        boundaries: those of an update that nothing happens to.
        seconds: how long it takes.
    """
    chosen = random.Random(options.seed)
    found = list(dict.fromkeys(boundaries))
    count = len(found) if options.boundaries < 0 else min(options.boundaries, len(found))
    yield from sorted(chosen.sample(found, count), key=found.index)
    for _ in range(options.random):
        yield chosen.uniform(0, seconds)


def table(results: Sequence[tuple[Moment, Trial]]) -> str:
    """What became of each kind of trial."""
    rows: list[tuple[str, ...]] = [
        ("the connection broke", "trials", "updates failed", "held", "visitors", "failed")
    ]
    for name, is_instant in (("at a boundary", False), ("at an instant", True)):
        of_kind = [one for at, one in results if isinstance(at, float) is is_instant]
        counts = (
            len(of_kind),
            sum(one.code != 0 for one in of_kind),
            sum(not one.problems for one in of_kind),
            sum(one.visits for one in of_kind),
            sum(one.failed_visits for one in of_kind),
        )
        rows.append((name, *map(str, counts)))
    return text_table(rows)


def _counted(moments: Sequence[Moment]) -> Iterator[tuple[int, Moment]]:
    return enumerate(moments, start=1)


def _measured(subject: Subject) -> tuple[list[Boundary], float]:
    subject.edit()
    done = cut_off(subject.site, Cut())
    if done.code != 0:
        raise SystemExit(f"what nobody interrupts fails:\n{done.output}")
    return done.boundaries, done.seconds


def _try(subject: Subject, host: SecondHost, at: Moment, number: str) -> Trial:
    subject.edit()
    cut = Cut(at=at, act=host.way.cut)
    result = trial(subject, cut, served=True, say=say, mend=host.way.mend)
    when = f"{at:.2f} s" if isinstance(at, float) else str(at)
    say(f"{number} {when} ({result.seconds:.0f} s): {'; '.join(result.problems) or 'held'}")
    return result


if __name__ == "__main__":
    sys.exit(main())
