"""What `make test` and its relatives run, and what of it runs with the engine and a daemon."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import paths
from .progress import Progress, duration
from .shell import stream

Command = tuple[str, ...]

# What Python is asked to run, from the checkout's root.
CHECKS: tuple[Command, ...] = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy", "."),
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
