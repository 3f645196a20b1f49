"""`python -m bench.line`: what a line to the host costs, by phase.

The example site is deployed here, on a second daemon behind ssh, and on the same behind a line that
delays everything: a clean server first, then updates by a line of code.
"""

import argparse
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.compare import use_engine
from bench.kills import say
from bench.loaded import phases_of_pulumi
from bench.ours import Ours
from bench.process import BenchError, Followed, followed
from components.text_table import figures_table
from tests.integration.second_host import SecondHost
from toolchain.errors import ToolchainError

HERE = "here"
CLEAN, UPDATE = "clean server", "update"
Phases = dict[str, float]
Figures = dict[str, dict[str, list[Phases]]]
"""The phases of each run, by its kind and by where the host is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the tables; return the exit code."""
    options = parse(argv)
    found: Figures = {}
    try:
        use_engine()
        for delay in (None, *options.delays):
            name = HERE if delay is None else f"ssh, {delay} ms"
            found[name] = _measure(name, delay, options.updates)
    except (BenchError, ToolchainError) as error:
        print(error, file=sys.stderr)
        return 1
    print(report(found))
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.line", description=__doc__)
    parser.add_argument("--updates", type=int, default=5, help="of each place")
    parser.add_argument(
        "--delays", type=int, nargs="*", default=[0, 100], help="milliseconds, each way"
    )
    return parser.parse_args(argv)


def report(found: Figures) -> str:
    """A table for the clean server, and one of medians for updates."""
    parts = []
    for kind in (CLEAN, UPDATE):
        by_place = {place: middle(kinds[kind]) for place, kinds in found.items()}
        parts.append(f"{kind}, seconds\n{table(by_place)}")
    return "\n\n".join(parts)


def middle(runs: Sequence[Phases]) -> Phases:
    """The median of each phase, in the order of their beginnings."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: median(run[name] for run in runs if name in run) for name in names}


def table(by_place: Mapping[str, Phases]) -> str:
    """A line for each phase, a column for each place."""
    names = dict.fromkeys(name for phases in by_place.values() for name in phases)
    rows = [["", *by_place]]
    for name in names:
        times = (phases.get(name) for phases in by_place.values())
        rows.append([name, *("" if time is None else f"{time:.1f}" for time in times)])
    return figures_table(rows)


def _measure(name: str, delay: int | None, updates: int) -> dict[str, list[Phases]]:
    with _site(delay) as site:
        clean = _phases(site, _up(site))
        say(f"{name}: {CLEAN} {clean['all']:.1f} s")
        changed = []
        for _ in range(updates):
            site.edit()
            changed.append(_phases(site, _up(site)))
            say(f"{name}: {UPDATE} {changed[-1]['all']:.1f} s")
    return {CLEAN: [clean], UPDATE: changed}


@contextmanager
def _site(delay: int | None) -> Iterator[Ours]:
    folder = Path(tempfile.mkdtemp(prefix="line-"))
    host = None
    site = Ours(folder / "site", f"t-line-{secrets.token_hex(3)}")
    try:
        if delay is not None:
            (folder / "host").mkdir()
            host = SecondHost(folder / "host")
            host.takes(site.site)
            host.way.delay = delay / 1000
        yield site
    finally:
        if host:
            host.remove()
        site.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _up(site: Ours) -> Followed:
    done = followed(site.up, folder=site.folder, env=site.site.env)
    if done.code != 0:
        raise BenchError(f"an update failed:\n{done.last_lines}")
    return done


def _phases(site: Ours, run: Followed) -> Phases:
    return {**phases_of_pulumi(run.lines, site.deployment), "all": run.ended - run.began}


if __name__ == "__main__":
    sys.exit(main())
