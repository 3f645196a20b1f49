"""Commands whose time is taken, and the one error that the bench shows to its users."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAST_LINES = 25


class BenchError(Exception):
    """What was measured did not do what it should; the message says what, and what it printed."""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A command that succeeded.

    Attributes:
        seconds: from its start to its end.
        output: what it printed, both streams together.
    """

    seconds: float
    output: str


def timed(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    limit: float = 1200,
) -> Timed:
    """Run a command and take its time.

    Args:
        command: its words.
        folder: where it runs.
        env: its environment.
        limit: seconds after which it is given up.

    Raises:
        BenchError: it failed, could not be run, or took too long; with its last lines.
    """
    words = " ".join(command)
    started = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"`{words}` did not end within {limit:.0f} s") from None
    except OSError as error:
        raise BenchError(f"`{words}` cannot be run: {error.strerror}") from None
    seconds = time.monotonic() - started
    if done.returncode != 0:
        last = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-LAST_LINES:])
        raise BenchError(f"`{words}` failed (exit code {done.returncode}):\n{last}")
    return Timed(seconds=seconds, output=done.stdout)
