"""`python -m bench.updates`: many updates under a constant load, this program's beside others'.

Each contender deploys the same copy of the example site, is led through the same updates under the
same load on this machine, some of them broken in ways that happen, and is removed before the next
one begins.
"""

import argparse
import json
import secrets
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.compare import BROKEN_OFF, machine, use_engine
from bench.lead import Course, Lead
from bench.load_site import plan
from bench.loaded import CONTENDERS
from bench.original import DATABASES
from bench.outcome import Outcome
from bench.process import BenchError
from bench.request_mix import Mix
from bench.updates_report import report
from bench.words import listed
from components.errors import UserError
from toolchain.errors import ToolchainError

MOST_REQUESTS = 1_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit code is 1 if this program lost anything, or let a broken release serve."""
    options = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcomes: dict[str, Outcome] = {}
    try:
        use_engine()
        course = Course(
            updates=plan(options.updates, options.failing),
            requests=options.requests,
            mix=Mix(rate=options.rate, slow_rate=options.slow_rate),
        )
        for name in options.contenders:
            run(name, options.database, course, outcomes)
            save(options, outcomes)
    except (BenchError, ToolchainError, UserError) as error:
        print(str(error) if str(error).startswith("error") else f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was running has been removed", file=sys.stderr)
        return BROKEN_OFF
    finally:
        if outcomes:
            print(f"\n{report(outcomes)}")
            save(options, outcomes)
    return 0 if all(held(outcomes[name]) for name in outcomes if name == "ours") else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.updates", description=__doc__)
    parser.add_argument("--database", choices=list(DATABASES), default="postgres")
    parser.add_argument("--updates", type=number, default=20, metavar="N")
    parser.add_argument("--failing", type=number, default=5, metavar="N", help="of the updates")
    parser.add_argument(
        "--requests", type=number, default=100_000, metavar="N", help="of each contender, at least"
    )
    parser.add_argument("--rate", type=float, default=200.0, help="short requests per second")
    parser.add_argument("--slow-rate", type=float, default=0.4, help="5-second ones per second")
    parser.add_argument(
        "--contenders",
        type=listed(list(CONTENDERS)),
        default=list(CONTENDERS),
        metavar="A,B",
        help=f"of {', '.join(CONTENDERS)}; default: all",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    return parser.parse_args(argv)


def number(text: str) -> int:
    """A number of requests or updates.

    Raises:
        argparse.ArgumentTypeError: it is none, or more than a machine should be asked for.
    """
    if not text.isdigit() or int(text) > MOST_REQUESTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {MOST_REQUESTS}")
    return int(text)


def run(name: str, database: str, course: Course, outcomes: dict[str, Outcome]) -> None:
    """Lead one contender through the course; what is known of it is kept however that ends."""

    def say(text: str) -> None:
        print(f"{name}: {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        site = CONTENDERS[name](folder, f"bench-{name}-{secrets.token_hex(3)}", database)
        lead = Lead(site, course, folder, say)
        try:
            lead.go()
        finally:
            outcomes[name] = lead.outcome()
            site.destroy()


def held(outcome: Outcome) -> bool:
    """Whether nothing was lost or doubled, and each release did what it had to."""
    return not (
        outcome.failed
        or outcome.strays
        or outcome.lost
        or outcome.doubled
        or not all(update.held for update in outcome.updates)
    )


def save(options: argparse.Namespace, outcomes: Mapping[str, Outcome]) -> None:
    """Write the figures, those of contenders that are not done included."""
    if not options.json:
        return
    data = {
        **machine(),
        "database": options.database,
        "rate": options.rate,
        "contenders": {name: outcome.as_data() for name, outcome in outcomes.items()},
    }
    options.json.write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
