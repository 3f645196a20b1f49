"""What runs in a block, its threads and its subprocesses print: shown at once, its end kept."""

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from .environment import masked

KEPT = 20  # lines
_HEARTBEAT = 10.0  # seconds without a line shown
# A process that outlives its step may hold the pipe open for ever.
_PATIENCE = 1.0


class Captured:
    """The output of a block.

    Each line is passed on with a prefix as soon as the next one comes; the last one is held back
    until the block has ended, since it often says what the progress line will say. A quiet block
    shows only where it is, every few seconds.
    """

    def __init__(self, prefix: str, out: TextIO, *, quiet: bool = False) -> None:
        self.lines: deque[str] = deque(maxlen=KEPT)
        self._prefix = prefix
        self._out = out
        self._quiet = quiet
        self._held: str | None = None
        self._partial = b""
        self._started = self._shown = time.monotonic()

    @property
    def last(self) -> str:
        """The last line that isn't empty."""
        return next((line for line in reversed(self.lines) if line.strip()), "")

    def finish(self, *, without: str = "") -> None:
        """Pass the held line on, unless it is the text given."""
        if not self._quiet and self._held is not None and self._held.strip() != without:
            self._show(self._held)
        self._held = None

    def pump(self, source: int) -> None:
        """Read until the other side closes."""
        while True:
            readable, _, _ = select.select([source], [], [], _HEARTBEAT)
            if readable:
                chunk = os.read(source, 65536)
                if not chunk:
                    break
                *lines, self._partial = (self._partial + chunk).split(b"\n")
                for line in lines:
                    self._add(line)
            if time.monotonic() - self._shown >= _HEARTBEAT:
                seconds = time.monotonic() - self._started
                self._show(f"… running for {seconds:.0f} s {self.last.strip()}".rstrip())
        os.close(source)
        if self._partial:
            self._add(self._partial)

    def _add(self, raw: bytes) -> None:
        # A progress bar rewrites its line: only the last state counts.
        text = raw.decode("utf-8", errors="replace").rstrip("\r").rpartition("\r")[2].rstrip()
        line = masked(text)
        if not line and not self.lines:
            return
        self.lines.append(line)
        if not self._quiet and self._held is not None:
            self._show(self._held)
        self._held = line

    def _show(self, line: str) -> None:
        self._shown = time.monotonic()
        print(f"{self._prefix}{line}", file=self._out, flush=True)


@contextmanager
def captured(prefix: str, out: TextIO, *, quiet: bool = False) -> Iterator[Captured]:
    """Capture what the block writes to stdout and stderr, on the level of file descriptors.

    Args:
        prefix: put before each line that is passed on.
        out: where lines go; it must not be one of the two descriptors themselves.
        quiet: pass no lines on, only a sign of life every few seconds.
    """
    capture = Captured(prefix, out, quiet=quiet)
    source, sink = os.pipe()
    saved = [(target, os.dup(target)) for target in (1, 2)]
    _flush()
    for target, _ in saved:
        os.dup2(sink, target)
    os.close(sink)
    reader = threading.Thread(target=capture.pump, args=(source,), daemon=True)
    reader.start()
    try:
        yield capture
    finally:
        _flush()
        for target, copy in saved:
            os.dup2(copy, target)
            os.close(copy)
        reader.join(_PATIENCE)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
