"""Runs commands: quietly with progress and the last lines on failure, or straight through."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from .errors import Terminated, ToolchainError

Command = Sequence[str | Path]

LAST_LINES = 20
SECONDS_TO_STOP = 10.0


def run(
    command: Command,
    *,
    on_line: Callable[[str], None] = lambda _line: None,
    env: Mapping[str, str] | None = None,
    fed_by: Command = (),
    separate: bool = False,
    patient: bool = False,
    first_line_within: float | None = None,
    what: str = "",
    remedy: str = "",
) -> str:
    """Runs `command` without a terminal and returns its output, stripped.

    Each line goes to `on_line`. With `separate`, lines are those of stderr and the returned text is
    stdout alone (which has to be short). `fed_by` is a command whose output becomes the input.
    `first_line_within`: seconds after which a command that has said nothing is given up.
    `patient`: when interrupted, wait for the command however long it takes to stop (package
    managers). `what` names the work in the error.

    Raises ToolchainError with the last lines when the command is missing or fails.
    """
    lines: deque[str] = deque(maxlen=2000)
    with contextlib.ExitStack() as pipeline:
        feeder = pipeline.enter_context(_start(fed_by)) if fed_by else None
        source = feeder.stdout if feeder else subprocess.DEVNULL
        stderr = subprocess.PIPE if separate else subprocess.STDOUT
        process = pipeline.enter_context(_start(command, source, stderr=stderr, env=env))
        if feeder and feeder.stdout:
            feeder.stdout.close()  # so that the feeder is stopped when the command ends early
        try:
            with _limit(process, first_line_within) as answered:
                for line in (process.stderr if separate else process.stdout) or ():
                    answered()
                    lines.append(line.rstrip())
                    on_line(line)
            output = process.stdout.read() if separate and process.stdout else "\n".join(lines)
            code = process.wait() or (feeder.wait() if feeder else 0)
        except KeyboardInterrupt:
            _stop(process, patient=patient)
            raise
    if code != 0:
        title = what or " ".join(str(part) for part in command[:3])
        problem = f"{title} failed (exit code {code})"
        raise ToolchainError(problem, remedy, list(lines)[-LAST_LINES:])
    return output.strip()


def _start(
    command: Command,
    stdin: int | IO[str] | None = subprocess.DEVNULL,
    *,
    stderr: int | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    # A process group of its own: Ctrl-C reaches it through us, once, and all of it.
    try:
        return subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        raise ToolchainError(f"cannot run {command[0]}: {error.strerror}") from error


@contextlib.contextmanager
def _limit(process: subprocess.Popen[str], seconds: float | None) -> Iterator[Callable[[], None]]:
    """Kills `process` after `seconds`, unless the function that it yields was called before."""
    timer = threading.Timer(seconds or 0, process.kill)
    if seconds:
        timer.start()
    try:
        yield timer.cancel
    finally:
        timer.cancel()


def _stop(process: subprocess.Popen[str], *, patient: bool) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(None if patient else SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            continue


def answer(
    command: Command,
    *,
    seconds: float = 10.0,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> tuple[bool, str]:
    """Asks a quick question: whether `command` succeeds within `seconds`, and what it said."""
    try:
        result = subprocess.run(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=env,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {seconds:.0f} s"
    except OSError as error:
        return False, error.strerror or str(error)
    if result.returncode == 0:
        return True, result.stdout.strip()
    return False, (result.stderr.strip() or result.stdout.strip())


def stream(
    command: Command, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """Runs `command` on the user's own terminal and returns its exit code.

    Interrupted, it waits for the command to come to its own end (Pulumi releases its lock then):
    Ctrl-C on a terminal reached the command too; SIGTERM is passed on.
    """
    try:
        process = subprocess.Popen([os.fspath(part) for part in command], env=env, cwd=cwd)
    except OSError as error:
        raise ToolchainError(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        return process.wait()
    except KeyboardInterrupt as interrupt:
        if isinstance(interrupt, Terminated):
            process.send_signal(signal.SIGINT)
        _wait_for_end(process)
        raise


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            process.wait()
        except KeyboardInterrupt:
            continue  # the second Ctrl-C is for the command as well
        return


def spawn_daemon(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Starts `command` in a session of its own, so that it outlives us, writing to `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
