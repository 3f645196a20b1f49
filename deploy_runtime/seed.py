"""The one-shot seeding job: `python -m deploy_runtime.seed`.

In one process, with one start of Django: wait for the database, migrate, collect static files if
DEPLOY_COLLECT is yes, then each of DEPLOY_SEED_STEPS in order. Progress for people goes to stderr;
stdout gets one line of JSON at the end, whatever the steps print. The first failure ends the job,
with its exit code.

A step says what it did by the string that its `handle()` returns: "created ..." or "unchanged".
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn, TextIO

from . import boot, checks, collect, database, ledger, migrate, steps
from .capture import captured
from .errors import DeployError, boolean
from .step import Outcome, run_step

_TERMINATED = 128 + signal.SIGTERM
_GRACE = 5.0  # seconds that a step has to clean up after SIGTERM
_stopping = threading.Event()


def main() -> int:
    """Run the job; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    signal.signal(signal.SIGTERM, _terminate)
    # From here on nothing but the result reaches the real stdout.
    result_channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    progress = os.fdopen(os.dup(2), "w", encoding="utf-8")
    result: dict[str, Any] = {"migrate": None, "steps": [], "records": []}
    try:
        return run(os.environ, result, progress)
    except DeployError as error:
        print(f"\nerror: {error}", file=progress, flush=True)
        return 1
    finally:
        print(json.dumps(result), file=result_channel, flush=True)


def run(environ: Mapping[str, str], result: dict[str, Any], progress: TextIO) -> int:
    """Do the job's work in order, and note each part's result as soon as it is done.

    Args:
        environ: the environment.
        result: what the job reports; filled in here, so that a failure reports what came before.
        progress: where people read along.

    Raises:
        DeployError: something but a step failed.
    """
    seed_steps = steps.words_from(environ, "DEPLOY_SEED_STEPS")
    flags = steps.words_from(environ, "DEPLOY_MIGRATE_FLAGS")
    collecting = boolean(environ, "DEPLOY_COLLECT", default=False)
    boot_seconds = boot.start_django()
    # The build knows the steps' names alone, and not for which origin it is to serve.
    steps.check(seed_steps, environ)
    checks.refuse()
    database.wait_for_all()
    ids = result["records"]
    # One start of Django for all of it: the first record counts it.
    with ledger.recorded(
        "migrate", "job", boots=1, boot_seconds=boot_seconds, out=progress, ids=ids
    ) as entry:
        result["migrate"] = _migrate(flags, entry, progress)
    if collecting:
        with ledger.recorded("collectstatic", "job", boots=0, out=progress, ids=ids) as entry:
            print(collect.collect_into(entry), file=progress, flush=True)
        result["collectstatic"] = entry
    with ledger.recorded("seed", "job", boots=0, out=progress, ids=ids) as entry:
        return _seed(seed_steps, result["steps"], entry, progress)


def _migrate(flags: list[str], entry: dict[str, Any], progress: TextIO) -> dict[str, Any]:
    try:
        with captured("  migrate | ", progress, quiet=True):
            done = migrate.migrate_into(entry, flags)
    except SystemExit as error:
        raise DeployError(
            f"migrate ended by itself with {error.code!r}: look at its flags"
        ) from None
    print(migrate.summary(done), file=progress, flush=True)
    return done.as_data()


def _seed(
    seed_steps: list[str], done: list[dict[str, Any]], entry: dict[str, Any], progress: TextIO
) -> int:
    entry["steps"] = []
    for number, step in enumerate(seed_steps, start=1):
        if _stopping.is_set():  # and the step before took no notice
            raise SystemExit(_TERMINATED)
        outcome = run_step(step, f"[{number}/{len(seed_steps)}]", progress)
        done.append(outcome.as_data())
        entry["steps"].append(f"{outcome.name} {outcome.result}")
        entry[outcome.result] = entry.get(outcome.result, 0) + 1
        if outcome.result == "failed":
            entry["outcome"] = "failed"
            _report_failure(outcome, len(seed_steps) - number, progress)
            return outcome.exit_code
    return 0


def _report_failure(outcome: Outcome, left: int, progress: TextIO) -> None:
    rest = f"; {left} later step{'s were' if left > 1 else ' was'} not run" if left else ""
    lines = [
        "",
        f"error: the seed step {outcome.step!r} failed with exit code {outcome.exit_code}{rest}.",
        *(["Its last lines:", ""] if outcome.last_lines else []),
        *(f"  {line}" for line in outcome.last_lines),
        *(["", outcome.problem] if outcome.problem else []),
    ]
    print("\n".join(lines), file=progress, flush=True)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    # A step that swallows the exception, or waits where none can reach it, doesn't hold us up.
    _stopping.set()
    watchdog = threading.Timer(_GRACE, os._exit, [_TERMINATED])
    watchdog.daemon = True
    watchdog.start()
    raise SystemExit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
