"""`python -m bench.compare`: this program beside the deployment that the analysis describes.

Each contender lives through the rows of the decision matrix on this machine's Docker daemon, under
names and on a port of its own, and is removed before the next one begins. Contenders take turns,
and the order is turned around each time, so that neither always finds the machine warmer.
"""

import argparse
import json
import os
import platform
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bench.life import Contender, Life, Row
from bench.original import Original
from bench.ours import Ours
from bench.process import BenchError, timed
from bench.report import report
from bench.words import listed
from components.errors import UserError
from components.host.docker_host import Host
from components.ledger.plan import STRATEGIES
from toolchain import engines, environment
from toolchain.errors import ToolchainError

BROKEN_OFF = 130
ORIGINAL = "original"
DEFAULT = (ORIGINAL, "recommended")
EVERYTHING = "all"
contenders = listed([ORIGINAL, *STRATEGIES], everything=EVERYTHING)
"""The contenders that a command line names."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison; return the exit code."""
    options = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        use_engine()
        results = compare(options.contenders, options.repetitions, cold=options.cold)
    except (BenchError, ToolchainError, UserError) as error:
        print(str(error) if str(error).startswith("error") else f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was running has been removed", file=sys.stderr)
        return BROKEN_OFF
    print(f"\n{report(results)}")
    data = as_data(results, options)
    if options.json:
        options.json.write_text(json.dumps(data, indent=2) + "\n")
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument(
        "--contenders",
        type=contenders,
        default=list(DEFAULT),
        metavar="A,B",
        help=f"`{ORIGINAL}` and strategies ({', '.join(STRATEGIES)}), or `{EVERYTHING}`; the first "
        f"is what the others are compared with; default {','.join(DEFAULT)}",
    )
    parser.add_argument("--repetitions", type=at_least_one, default=3, metavar="N")
    parser.add_argument(
        "--cold", action="store_true", help="install dependencies anew in each clean deploy"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    return parser.parse_args(argv)


def at_least_one(text: str) -> int:
    """A number of repetitions.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def use_engine() -> None:
    """Put the engine that `make up` would use on PATH.

    Raises:
        ToolchainError: there is none.
    """
    engine = engines.find(os.environ)
    if engine is None:
        raise ToolchainError("there is no Pulumi engine yet", "Run `make engine` first.")
    os.environ.update(environment.applied(os.environ, environment.tools(engine, os.environ)))


def compare(
    names: Sequence[str], repetitions: int, *, cold: bool = False
) -> dict[str, list[Mapping[str, Row]]]:
    """Lead all contenders through their lives, in turns.

    Args:
        names: the contenders.
        repetitions: lives of each.
        cold: dependencies are installed anew in each.
    """
    Host()  # says what is wrong where no daemon answers
    results: dict[str, list[Mapping[str, Row]]] = {name: [] for name in names}
    for number in range(repetitions):
        for name in names if number % 2 == 0 else reversed(names):

            def say(text: str, title: str = f"[{number + 1}/{repetitions}] {name}") -> None:
                print(f"{title}: {text}", file=sys.stderr, flush=True)

            say("begins")
            with tempfile.TemporaryDirectory(prefix="bench-") as folder, make(name, folder) as site:
                results[name].append(Life(site, say).live(cold=cold))
    return results


def make(name: str, folder: str) -> AbstractContextManager[Contender]:
    """A contender under a name that no other deployment has."""
    unique = f"bench-{name[:12]}-{secrets.token_hex(3)}"
    if name == ORIGINAL:
        return Original(Path(folder), unique, probed=True)
    return Ours(Path(folder), unique, strategy=name, probed=True)


def machine() -> dict[str, Any]:
    """When something is measured, and on what."""
    docker = timed(["docker", "version", "--format", "{{.Server.Version}}"]).output.strip()
    pulumi = timed(["pulumi", "version"]).output.strip()
    return {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cpus": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "docker": docker,
            "pulumi": pulumi,
        },
    }


def as_data(results: Mapping[str, Sequence[Mapping[str, Row]]], options: Any) -> dict[str, Any]:
    """Every figure, and what it was measured on."""
    return {
        **machine(),
        "cold": options.cold,
        "contenders": {
            name: [{row: found.as_data() for row, found in life.items()} for life in lives]
            for name, lives in results.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
