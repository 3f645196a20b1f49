"""Commands whose time is taken, and the one error that the bench shows to its users."""

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

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
    done = followed(command, folder=folder, env=env, limit=limit)
    words, seconds = " ".join(command), done.ended - done.began
    if seconds >= limit:
        raise BenchError(f"`{words}` did not end within {limit:.0f} s")
    if done.code != 0:
        raise BenchError(
            f"`{words}` failed (exit code {done.code}):\n{indent(done.last_lines, ' ' * 4)}"
        )
    return Timed(seconds=seconds, output="".join(f"{line}\n" for _, line in done.lines))


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A command that ended, well or not.

    Attributes:
        code: its exit code.
        began: when, by the monotonic clock.
        ended: when, by the monotonic clock.
        lines: what it printed, both streams together, each line with the seconds after it began.
    """

    code: int
    began: float
    ended: float
    lines: tuple[tuple[float, str], ...]

    @property
    def last_lines(self) -> str:
        """The end of what it printed."""
        return "\n".join(line for _, line in self.lines[-LAST_LINES:])


def followed(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    limit: float = 1200,
) -> Followed:
    """Run a command and note when it printed what; it may fail.

    Args:
        command: its words.
        folder: where it runs.
        env: its environment.
        limit: seconds after which it is ended.

    Raises:
        BenchError: it could not be run.
    """
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise BenchError(f"`{' '.join(command)}` cannot be run: {error.strerror}") from None
    timer = threading.Timer(limit, process.kill)
    timer.start()
    with process:
        assert process.stdout is not None
        try:
            lines = [(time.monotonic() - began, line.rstrip("\n")) for line in process.stdout]
        except BaseException:  # such as an interruption: it must not go on by itself
            process.kill()
            raise
        finally:
            timer.cancel()
    return Followed(
        code=process.returncode, began=began, ended=time.monotonic(), lines=tuple(lines)
    )
