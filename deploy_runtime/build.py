"""The strict step of the image build: `python -m deploy_runtime.build`.

It finds what would otherwise fail in front of visitors: settings that can't be imported, failing
system checks, seed steps that are no commands, a WSGI application that isn't there, static files
that are missing. It needs no database and no real secret, prints what was supplied to the project,
and leaves a report in the image, in which nothing is that comes from the stack's site: neither its
hosts nor its seed steps. DEPLOY_COLLECT=no leaves out collecting, but not the checks.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from . import (
    boot,
    checks,
    collect,
    deploy_check,
    ledger,
    obstacles,
    overlay_off,
    static_tags,
    steps,
)
from .errors import DeployError, boolean
from .explain import explain
from .places import BUILD_REPORT

_MISSING_SHOWN = 20

T = TypeVar("T")


def main() -> int:
    """Run the step; print the error, without a stack trace, if it fails."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    started = time.monotonic()
    try:
        report = build(os.environ)
        report["seconds"] = round(time.monotonic() - started, 3)
        _write(report, Path(os.environ.get("DEPLOY_BUILD_REPORT") or BUILD_REPORT))
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def build(environ: Mapping[str, str]) -> dict[str, Any]:
    """All checks, and collectstatic; return the report.

    Raises:
        DeployError: some of them failed; all that can be known at once are named.
    """
    collecting = boolean(environ, "DEPLOY_COLLECT", default=True)
    found = load(environ)
    boot_seconds = boot.age()
    # Without its folder collecting fails, too, and would name another remedy.
    collecting = collecting and overlay_off.takes("STATIC_ROOT")
    static = found.get(
        lambda: _recorded_static(boot_seconds) if collecting else _static({}, collecting=False)
    )
    found.get(lambda: _explained("the WSGI application", _wsgi))
    migrations = found.get(lambda: _explained("the migrations", _migrations))
    found.refuse()
    _print_supplied(found.supplied)
    advised = checks.without_database(deploy_check.findings)
    for id_, text in advised.items():
        print(f"advice: {id_}: {text}")
    import django

    return {
        "django": django.get_version(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "settings": environ.get("DEPLOY_SETTINGS_MODULE"),
        "supplied": found.supplied,
        "advice": {id_: _without_site(text, environ) for id_, text in advised.items()},
        "migrations": migrations,
        "static": static,
        "boots": 1,
    }


@dataclass(kw_only=True)
class Found:
    """What was found out about the project so far.

    Attributes:
        supplied: what was supplied to its settings.
        problems: what is wrong with it.
    """

    supplied: list[dict[str, str]]
    problems: list[str] = field(default_factory=list)

    def get(self, look: Callable[[], T]) -> T | None:
        """What a look returns; None if it found a problem, which is kept."""
        try:
            return look()
        except DeployError as error:
            self.problems.append(str(error))
            return None

    def refuse(self) -> None:
        """End here if there are problems.

        Raises:
            DeployError: with all of them.
        """
        if self.problems:
            raise DeployError("\n\n".join(self.problems))


def load(environ: Mapping[str, str]) -> Found:
    """Load the project, and look at all that needs no static files and no database.

    Raises:
        DeployError: it can't be loaded; with all variables and modules that it misses.
    """
    seed_steps = steps.words_from(environ, "DEPLOY_SEED_STEPS")
    settings = f"the settings {environ.get('DEPLOY_SETTINGS_MODULE')}"
    found = Found(supplied=_explained(settings, _settings))
    _explained("the project's apps", _setup)
    found.get(overlay_off.refuse)
    found.get(lambda: _explained("the database's driver", _drivers))
    found.get(checks.refuse)
    found.get(lambda: steps.check_names(seed_steps))
    return found


def _explained(what: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except DeployError:
        raise
    except (Exception, SystemExit) as error:
        more = obstacles.further(error)
        besides = "\n\nMissing besides:\n" + "\n".join(f"- {line}" for line in more)
        text = f"{what} can't be loaded.\n\n{explain(error)}"
        raise DeployError(text + (besides if more else "")) from None


def _settings() -> list[dict[str, str]]:
    from django.conf import settings

    return [entry._asdict() for entry in settings.DEPLOY_SUPPLIED]


def _setup() -> None:
    import django

    django.setup()


def _migrations() -> list[str]:
    """The modules of all migrations that this release has, by which the next one knows its own."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    return sorted(type(migration).__module__ for migration in loader.disk_migrations.values())


def _without_site(text: str, environ: Mapping[str, str]) -> str:
    """A text of the project's without the origin and the hosts, of which nothing is in an image."""
    names = [environ.get("CSRF_TRUSTED_ORIGINS", ""), *environ.get("ALLOWED_HOSTS", "").split(",")]
    for name in filter(None, names):
        text = text.replace(name, "…")
    return text


def _drivers() -> None:
    """Load the driver of each database, without a connection, and the one that is to come."""
    from django.db import connections

    for alias in connections:
        _ = connections[alias]
    if os.environ.get("DEPLOY_DATABASE_ENGINE") == "postgres":
        importlib.import_module("django.db.backends.postgresql.base")


def _wsgi() -> None:
    from . import wsgi  # noqa: F401 - importing it is the check


def _recorded_static(boot_seconds: float) -> dict[str, Any]:
    with ledger.recorded(
        "collectstatic", "build", boots=1, boot_seconds=boot_seconds, file=ledger.IMAGE_FILE
    ) as result:
        return _static(result, collecting=True)


def _static(result: dict[str, Any], *, collecting: bool) -> dict[str, Any]:
    from django.conf import settings

    from .overlay_files import is_remote

    none = {"files": 0, "seconds": 0.0, "storage": None, "collected": False}
    result["outcome"] = "nothing to collect"
    if "django.contrib.staticfiles" not in settings.INSTALLED_APPS:
        print("static files: none, django.contrib.staticfiles is not installed")
        return none
    storage = collect.storage_path()
    if is_remote(storage):
        print(f"static files: not collected here, {storage} keeps them on another machine")
        return {**none, "storage": storage}
    if not collecting:
        _verify()
        return {**none, "storage": storage}
    done = collect.collect_static()
    result.update(outcome="done", files=done.files, copied=done.copied)
    result.update(post_processed=done.post_processed)
    print(f"static files: {done.files} collected by {storage} in {done.seconds:.1f} s")
    for reference in done.tolerated:
        print(f"warning: {reference}", file=sys.stderr)
    _verify()
    return {
        "files": done.files,
        "post_processed": done.post_processed,
        "seconds": done.seconds,
        "storage": storage,
        "collected": True,
        "tolerated": list(done.tolerated),
    }


def _verify() -> None:
    missing = static_tags.missing()
    if not missing:
        return
    lines = [f"  {tag.template}:{tag.line}: {tag.name}" for tag in missing[:_MISSING_SHOWN]]
    more = len(missing) - len(lines)
    raise DeployError(
        "\n".join(
            [
                "templates refer to static files that do not exist; their pages would fail:",
                *lines,
                *([f"  and {more} more"] if more else []),
                "Add the files, or correct their names.",
            ]
        )
    )


def _print_supplied(entries: list[dict[str, str]]) -> None:
    marks = {"supplied": "+", "kept": " ", "attention": "!"}
    print("settings (+ supplied, ! needs attention):")
    for entry in entries:
        print(f"  {marks[entry['action']]} {entry['setting']}: {entry['why']}")


def _write(report: dict[str, Any], path: Path) -> None:
    # On one line: whoever reads it from a container's output takes the last one.
    try:
        path.write_text(json.dumps(report) + "\n", encoding="utf-8")
    except OSError as error:
        raise DeployError(f"the build report {path} can't be written: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
