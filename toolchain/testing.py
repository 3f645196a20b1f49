"""What `make test` and its relatives run, and what of it runs with the engine and a daemon."""

from __future__ import annotations

import contextlib
import datetime
import shlex
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import paths
from .progress import Progress, duration
from .shell import stream

Command = tuple[str, ...]
WIDTH = 80
_COUNTED = ("tests", "failures", "errors", "skipped")

# What Python is asked to run, from the checkout's root.
CHECKS: tuple[Command, ...] = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy", "."),
    ("-m", "toolchain.imports"),
    ("-m", "toolchain.config_docs", "--check"),
)
UNIT_TESTS: tuple[Command, ...] = (
    ("-m", "pytest", "-n", "2", "tests/unit"),
    ("example/manage.py", "test", "catalogue", "editorial", "lanterna"),
)
INTEGRATION_FOLDER = "tests/integration"
# Two files side by side: much of what they do is waiting. Tests of one file share a site, in order.
INTEGRATION: Command = ("-m", "pytest", "-n", "2", "--dist", "loadfile")
ESSENTIAL: Command = (*INTEGRATION, "-m", "essential", INTEGRATION_FOLDER)
FAST = (*CHECKS, *UNIT_TESTS, ESSENTIAL)

# What is run for each, and whether it needs the engine and a daemon.
TESTS: dict[str, tuple[tuple[Command, ...], bool]] = {
    "check": (CHECKS, False),
    "test-unit": (UNIT_TESTS, False),
    "test-integration": (((*INTEGRATION, INTEGRATION_FOLDER),), True),
    "test": (FAST, True),
    "ci": (FAST, True),
    "test-all": ((*CHECKS, *UNIT_TESTS, (*INTEGRATION, INTEGRATION_FOLDER)), True),
}


def integration_tests(chosen: str) -> tuple[Command, ...]:
    """The integration tests that somebody wants.

    Args:
        chosen: files and options of pytest, as one would type them; empty means all tests.
    """
    return ((*INTEGRATION, *(shlex.split(chosen) or [INTEGRATION_FOLDER])),)


def run_all(
    commands: Sequence[Command], env: Mapping[str, str], progress: Progress
) -> dict[str, int]:
    """Runs all of `commands`, whatever fails; returns the exit code of each, by its title."""
    codes = {}
    for command in commands:
        title = shlex.join(command).removeprefix("-m ")
        print(f"\n$ {title}", flush=True)
        with progress.step(title.split()[0], silent=True) as step:
            codes[title] = stream([python(), *command], env=env)
            outcome = f"FAILED (exit code {codes[title]})" if codes[title] else "passed"
            step.done(f"{title}: {outcome}")
    return codes


def python() -> Path:
    """The interpreter of the checkout's environment."""
    return paths.VENV / "bin" / "python"


def verdict(codes: Mapping[str, int], progress: Progress) -> int:
    """Says what failed, if anything did; returns the exit code."""
    failed = [title for title, code in codes.items() if code]
    says = f"FAILED: {'; '.join(failed)}" if failed else "all passed"
    print(f"\n{says} ({duration(progress.elapsed)})")
    return 1 if failed else 0


def failed_tests(reports: Path) -> list[str]:
    """The tests that failed in any of pytest's runs, by module and name."""
    cases = (case for report in _read(reports) for case in report.iter("testcase"))
    found = [
        f"{case.get('classname', '')}::{case.get('name', '')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return [*dict.fromkeys(found)]


def closing_line(reports: Path, codes: Mapping[str, int], seconds: float) -> str:
    """What pytest would say in the end if it had run everything at once.

    Args:
        reports: the folder with what each of its runs reported.
        codes: how everything ended, pytest's runs or not.
        seconds: how long it took.
    """
    sums: Counter[str] = Counter()
    for report in _read(reports):
        for suite in report.iter("testsuite"):
            sums.update({name: int(suite.get(name, 0)) for name in _COUNTED})
    passed = sums["tests"] - sums["failures"] - sums["errors"] - sums["skipped"]
    counts = {
        "failed": sums["failures"],
        "passed": passed,
        "skipped": sums["skipped"],
        "errors": sums["errors"],
    }
    # What fails without a failing test, such as a check or a module that was ended.
    if any(codes.values()) and not counts["failed"] + counts["errors"]:
        counts["errors"] = sum(map(bool, codes.values()))
    text = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    whole = datetime.timedelta(seconds=int(seconds))
    return f" {text} in {seconds:.2f}s ({whole}) ".center(WIDTH, "=")


def _read(reports: Path) -> Iterator[ET.Element]:
    for file in sorted(reports.glob("*.xml")):
        # One that was killed while it was written tells nothing.
        with contextlib.suppress(ET.ParseError):
            yield ET.parse(file).getroot()
