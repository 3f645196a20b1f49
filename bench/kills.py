"""`python -m bench.kills`: updates killed at every resource's boundary and at random instants.

Each trial kills an update, or the restoring of a copy, runs the documented recovery and
`pulumi up`, and looks whether all is as if nothing had happened: the site and its data, what is on
the host, sessions, visitors, a preview without changes. It prints the seed, a line for each trial,
a table, and how to repeat what failed.
"""

import argparse
import math
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.compare import use_engine
from bench.kill_plans import CLEAN, MIGRATION, RESTORE, WINDOW, Plan, parse, plan
from components.text_table import text_table
from tests.integration.harness import Site
from tests.integration.interruption import Cut, CutOff, cut_off
from tests.integration.trials import Subject, Trial, trial
from toolchain.errors import ToolchainError


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
        measured = self._measure()
        seconds = ", ".join(f"{name} {one.seconds:.1f} s" for name, one in measured.items())
        say(f"uninterrupted: {seconds}")
        plans = self._options.at or list(plan(self._options, measured))
        for number, planned in enumerate(plans, start=1):
            result = self._try(planned)
            self.results.append((planned, result))
            verdict = "; ".join(result.problems) or "held"
            say(f"{number}/{len(plans)} {planned} ({result.seconds:.0f} s): {verdict}")

    def close(self) -> None:
        """Leave nothing behind."""
        self._drop(self._served)
        self._served = None

    def _measure(self) -> dict[str, CutOff]:
        subject = self._served = self._subject()
        measured = {CLEAN: _uninterrupted(subject)}
        subject.settle()
        self._wanted = subject.wanted
        for scenario in self._options.scenarios:
            if scenario == RESTORE:
                # There has to be a copy.
                _edit(subject, MIGRATION)
                subject.site.up()
            if scenario != CLEAN:
                measured[scenario] = _uninterrupted(subject, _edit(subject, scenario))
        return measured

    def _try(self, planned: Plan) -> Trial:
        if planned.scenario == CLEAN:
            subject = self._subject()
            subject.wanted = self._wanted
            try:
                return trial(subject, planned.cut, served=False, say=say)
            finally:
                self._drop(subject)
        subject = self._served or self._new_served()
        cut = replace(planned.cut, words=_edit(subject, planned.scenario))
        # In a window nothing serves, nor while a copy is put back, as is said beforehand.
        served = planned.scenario not in (WINDOW, RESTORE)
        result = trial(subject, cut, served=served, say=say)
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
        site = Site(folder=folder, deployment=f"t-kills-{secrets.token_hex(3)}")
        site.configure(migrations__window=True, **dict(self._options.config))
        return Subject(site=site)

    def _drop(self, subject: Subject | None) -> None:
        if subject:
            subject.site.remove_everything()
            shutil.rmtree(subject.site.folder, ignore_errors=True)


def _edit(subject: Subject, scenario: str) -> Sequence[str]:
    """Make something to do; returns what does it, if it is no update."""
    if scenario == RESTORE:
        return subject.restoring()
    subject.edit()
    if scenario == MIGRATION or (scenario == WINDOW and not subject.columns):
        subject.add_column()
    elif scenario == WINDOW:
        subject.remove_column()
    return ()


def _uninterrupted(subject: Subject, words: Sequence[str] = ()) -> CutOff:
    done = cut_off(subject.site, Cut(at=math.inf, words=words))
    if done.code != 0:
        raise SystemExit(f"what nobody interrupts fails:\n{done.output}")
    return done


def table(results: Sequence[tuple[Plan, Trial]]) -> str:
    """How many trials of each kind were made and held, and what recovery had to do."""
    head = ("scenario", "killed at", "processes", "trials", "held", "visitors' requests", "failed")
    lines = [head]
    kinds = Counter(planned.kind for planned, _ in results)
    for kind, count in sorted(kinds.items()):
        of_kind = [result for planned, result in results if planned.kind == kind]
        held = sum(not result.problems for result in of_kind)
        visits = sum(result.visits for result in of_kind)
        failed = sum(result.failed_visits for result in of_kind)
        lines.append((*kind, str(count), str(held), str(visits), str(failed)))
    return text_table(lines)


def say(text: str) -> None:
    """Tell how it goes."""
    print(text, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Make the trials; return the exit code."""
    options = parse(argv, __doc__)
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
    given = "".join(f" --config {key}={value}" for key, value in options.config)
    for planned in failed:
        print(f"to repeat it: .venv/bin/python -m bench.kills{given} --at '{planned}'")
    return 1 if failed else 0


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
