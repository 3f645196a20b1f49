"""Tells the user what is being done, for how long already, and what it took in the end."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 15.0
NAME_WIDTH = 12
TIME_WIDTH = 14
PLAIN_WIDTH = 100


def duration(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `7 min 31 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


class Step:
    """One step while it runs: what it is doing now, and how it ended."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.name = name
        self.started = time.monotonic()
        self.latest = ""
        self.result = ""
        self.already_there = False
        self._progress = progress

    def update(self, line: str) -> None:
        """The latest thing that the step is doing; shown with the next heartbeat."""
        self.latest = line.strip() or self.latest

    def say(self, line: str) -> None:
        """Something to be read before it happens: printed at once, on a line of its own."""
        self._progress.line(f"  {self.name:<{NAME_WIDTH}} {line}")

    def already(self, result: str) -> None:
        """Nothing had to be done, because of `result`."""
        self.result, self.already_there = result, True

    def done(self, result: str) -> None:
        """The step made `result`."""
        self.result = result

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started


class Progress:
    """Reports steps to `stream`: a line that changes on a terminal, plain lines elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty() and "CI" not in os.environ
        self._lock = threading.Lock()
        self.started = time.monotonic()
        self.phases: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str, *, silent: bool = False) -> Iterator[Step]:
        """Runs the body as a step: heartbeats while it lasts, one line when it has ended.

        `silent`: no heartbeats, because the step writes to the terminal itself.
        """
        step, over = Step(name, self), threading.Event()
        beat = threading.Thread(target=self._beat, args=(step, over), daemon=True)
        if not silent:
            beat.start()
        try:
            yield step
        finally:
            over.set()
            if not silent:
                beat.join()
                self._erase()
            self.phases.append((name, step.elapsed))
        took = "already there" if step.already_there else duration(step.elapsed)
        self.line(f"  {name:<{NAME_WIDTH}} {took:<{TIME_WIDTH}} {step.result}".rstrip())

    def line(self, text: str) -> None:
        """Prints one whole line."""
        with self._lock:
            print(f"\r\033[K{text}" if self._live else text, file=self._stream, flush=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the first step could have begun."""
        return time.monotonic() - self.started

    def _beat(self, step: Step, over: threading.Event) -> None:
        while not over.wait(TERMINAL_SECONDS if self._live else PLAIN_SECONDS):
            took = duration(step.elapsed)
            text = f"  {step.name:<{NAME_WIDTH}} {took:<{TIME_WIDTH}} {step.latest}"
            if self._live:
                self._replace_line(text[: shutil.get_terminal_size().columns - 1])
            else:
                self.line(f"{text[:PLAIN_WIDTH].rstrip()} ...")

    def _replace_line(self, text: str) -> None:
        with self._lock:
            print(f"\r\033[K{text}", end="", file=self._stream, flush=True)

    def _erase(self) -> None:
        if self._live:
            self._replace_line("")
