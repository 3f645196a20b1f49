"""Notes what Django does in any Python process that finds this folder on its path.

Each note is one line of JSON, appended to the file that BENCH_PROBE_LOG names: a start of Django,
or a management command with its seconds, however it was called; migrate says what it applied,
collectstatic what it copied. Python imports this module by itself before anything else, so nothing
of what is measured has to know of it. A note that cannot be written is lost in silence: measuring
must never make a deployment fail.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

applied = 0


def note(**what: Any) -> None:
    """Append one line; other processes append to the same file."""
    line = {"pid": os.getpid(), "argv": sys.orig_argv[1:6], "origin": origin(), **what}
    try:
        with open(os.environ["BENCH_PROBE_LOG"], "a") as log:  # noqa: PTH123 - as light as can be
            log.write(json.dumps(line) + "\n")
    except (KeyError, OSError):
        pass


def origin() -> str:
    """`command` below the container's own first process, `exec` where somebody came in later."""
    pid = os.getpid()
    try:
        while pid != 1:
            with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - as light as can be
                # The second field, a name in parentheses, may hold anything.
                pid = int(stat.read().rpartition(")")[2].split()[1])
            if pid == 0:
                return "exec"
    except (OSError, ValueError, IndexError):
        return "unknown"
    return "command"


def age() -> float:
    """Seconds since this process began, with the interpreter's own start; to 1/100 s."""
    try:
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:  # noqa: PTH123
            ticks = int(stat.read().rpartition(")")[2].split()[19])
            return float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def watch_start(registry: ModuleType) -> None:
    """Note when a process has started Django, and how long after Python itself."""
    populate = registry.Apps.populate

    def noting(apps: Any, installed: Any = None) -> None:
        was_ready = apps.ready
        populate(apps, installed)
        # Migrations fill registries of their own, again and again; that is no start.
        if apps is registry.apps and not was_ready:
            note(event="boot", seconds=round(age(), 3))

    registry.Apps.populate = noting


def watch_commands(base: ModuleType) -> None:
    """Note each management command when it has ended, in whatever way."""
    execute = base.BaseCommand.execute

    def noting(command: Any, *args: Any, **options: Any) -> Any:
        before, begun, ok = applied, time.monotonic(), False
        try:
            result = execute(command, *args, **options)
            ok = True
            return result
        finally:
            note(
                event="command",
                name=type(command).__module__.rpartition(".")[2],
                seconds=round(time.monotonic() - begun, 3),
                ok=ok,
                applied=applied - before,
                copied=len(getattr(command, "copied_files", ())),
            )

    base.BaseCommand.execute = noting


def watch_migrations(recorder: ModuleType) -> None:
    """Count what is entered into the table of applied migrations."""
    record = recorder.MigrationRecorder.record_applied

    def counting(self: Any, app: str, name: str) -> None:
        global applied
        record(self, app, name)
        applied += 1

    recorder.MigrationRecorder.record_applied = counting


WATCHED: dict[str, Callable[[ModuleType], None]] = {
    "django.apps.registry": watch_start,
    "django.core.management.base": watch_commands,
    "django.db.migrations.recorder": watch_migrations,
}


class Finder(importlib.abc.MetaPathFinder):
    """Lets Python find the watched modules as it does anyway, and looks in when they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the usual spec, with a loader that calls the watch afterwards."""
        watch = WATCHED.get(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target) if watch else None
        if watch is None or spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_watch(module: ModuleType) -> None:
            load(module)
            watch(module)

        spec.loader.exec_module = load_and_watch  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Watch modules that are loaded already, and the others as soon as they are."""
    for name, watch in WATCHED.items():
        if name in sys.modules:
            watch(sys.modules[name])
    sys.meta_path.insert(0, Finder())


if os.environ.get("BENCH_PROBE_LOG"):
    install()
