"""What `.ci/run` runs: `make test`, then whole test modules in turn, as many as there is time for.

Which come first follows from the commit, so that each module has its turn within a few commits.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .progress import Progress, Step, duration
from .shell import answer
from .testing import (
    FAST,
    INTEGRATION_FOLDER,
    Command,
    closing_line,
    failed_tests,
    python,
    run_all,
    verdict,
)

MINUTE = 60.0
# No module is begun later than this after the beginning, ...
LAST_START = 55 * MINUTE
# ... and none goes on for longer: CI gives up at 90 minutes, and would say nothing.
END = 82 * MINUTE
# A module that takes three times as long as the longest so far, and at least this long, hangs.
PATIENCE = 20 * MINUTE
# What an interrupted module may take to remove its sites.
GRACE = 2 * MINUTE
SIDE_BY_SIDE = 2
REPORTS = paths.ROOT / ".build" / "tests"


def order(modules: Iterable[str], commit: str) -> list[str]:
    """The modules in the order of their turns: another for each commit, the same for the same."""
    return sorted(modules, key=lambda name: hashlib.sha256(f"{commit} {name}".encode()).digest())


def commit() -> str:
    """The commit that is checked out; where there is no git, the day."""
    known, text = answer(["git", "-C", str(paths.ROOT), "rev-parse", "HEAD"])
    return text if known else datetime.datetime.now(datetime.UTC).date().isoformat()


@dataclass
class Clock:
    """How long the run lasts, and how long a module may take.

    Attributes:
        now: the time in seconds, from anywhere.
        longest: the seconds of the longest module so far: what the next one is expected to take.
        began: when the run began.
    """

    now: Callable[[], float] = time.monotonic
    longest: float = 0.0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.now() - self.began

    def may_start(self) -> bool:
        """Whether one more module is begun."""
        return self.elapsed < LAST_START and self.elapsed + self.longest < END

    def limit(self) -> float:
        """The seconds that a module which begins now may take."""
        return min(END - self.elapsed, max(PATIENCE, 3 * self.longest))


class Turns:
    """Modules of tests, each in a process of its own.

    Args:
        command: what runs the module that is added to it.
        env: the environment of the processes.
        clock: says when to stop.
        progress: where they are reported.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._command, self._env, self._clock, self._progress = command, env, clock, progress
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._waiting: deque[str] = deque()
        self.codes: dict[str, int] = {}

    def run(self, modules: Sequence[str]) -> list[str]:
        """Runs them in their order while there is time; returns those that were left out."""
        self._waiting.extend(modules)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            workers = [pool.submit(self._work) for _ in range(SIDE_BY_SIDE)]
            try:
                for worker in workers:
                    worker.result()
            except KeyboardInterrupt:
                self._waiting.clear()
                with self._lock:
                    for process in self._processes:
                        threading.Thread(target=end, args=(process, GRACE), daemon=True).start()
                raise
        return list(self._waiting)

    def _work(self) -> None:
        while (module := self._next()) is not None:
            with self._progress.step(module) as step:
                began = time.monotonic()
                code, output = self._run(module, step)
                took = time.monotonic() - began
                step.done(f"{'FAILED' if code else 'passed'}, module {self._count()}")
            self._clock.longest = max(self._clock.longest, took)
            self.codes[module] = code
            self._progress.line("\n".join(["", f"$ {module}", *output]))

    def _next(self) -> str | None:
        with self._lock:
            if not self._waiting or not self._clock.may_start():
                return None
            return self._waiting.popleft()

    def _count(self) -> str:
        done = len(self.codes) + 1
        return f"{done} of {done + len(self._waiting) + len(self._processes)}"

    def _run(self, module: str, step: Step) -> tuple[int, list[str]]:
        output: list[str] = []

        def read() -> None:
            for line in process.stdout or ():
                output.append(line.rstrip())
                step.update(line)

        words = [*self._command, f"{INTEGRATION_FOLDER}/{module}.py"]
        words.append(f"--junitxml={os.path.relpath(REPORTS / module)}.xml")
        process = subprocess.Popen(
            [os.fspath(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._env,
            text=True,
            errors="replace",
            process_group=0,
        )
        with self._lock:
            self._processes.add(process)
        # What outlives the module may hold its output open: it is not waited for.
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        limit = self._clock.limit()
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = end(process, GRACE) or 1
        reader.join(5)
        if step.elapsed >= limit:
            output.append(
                f"FAILED: {module} was not through after {duration(limit)}, and was ended"
            )
        with self._lock:
            self._processes.discard(process)
        return code, output


def end(process: subprocess.Popen[str], grace: float) -> int:
    """Interrupts a process, so that it can tidy up, and kills it with its group if it does not."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def run(env: Mapping[str, str], progress: Progress, clock: Clock) -> int:
    """Runs `make test`, then modules in turn; says what was left out. Returns the exit code."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    codes = run_all([_reported(words) for words in FAST], env, progress)
    # None of them takes longer than all that is essential.
    clock.longest = progress.phases[-1][1]
    known = commit()
    folder = paths.ROOT / INTEGRATION_FOLDER
    modules = order((path.stem for path in folder.glob("test_*.py")), known)
    print(f"\nwhole modules, in the order of {known[:12]}: {', '.join(modules)}\n", flush=True)
    turns = Turns([python(), "-m", "pytest"], env, clock, progress)
    left = turns.run(modules)
    codes.update(turns.codes)
    print(f"\nleft out, for want of time: {', '.join(left) or 'nothing'}")
    for name in failed_tests(REPORTS):
        print(f"FAILED {name}")
    code = verdict(codes, progress)
    print(closing_line(REPORTS, codes, progress.elapsed), flush=True)
    return code


def _reported(command: Command) -> Command:
    if "pytest" not in command:
        return command
    report = os.path.relpath(REPORTS / Path(command[-1]).name)
    return (*command, f"--junitxml={report}-fast.xml")
