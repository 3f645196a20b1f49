"""What a release that failed leaves behind: the migrations it committed, and what serves now."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from components.commands import window
from components.commands.backup import restore_command
from components.commands.client import docker, read_file
from components.commands.one_shot import options
from runtime import ledger

_SERVES = "What was serving goes on serving."


def of_container(container: str, migrations: str) -> str:
    """What a backend that failed leaves behind; a window that it needed is closed if that is safe.

    Args:
        container: the backend.
        migrations: the file that says what the check of its migrations found; "" if none was made.
    """
    return _told(migrations, lambda: read_file(container, ledger.FILE))


def of_job(job: Mapping[str, Any]) -> str:
    """As `of_container`, for the seeding job by its description: its container is gone."""
    return _told(str(job.get("migrations", "")), lambda: _ledger_of(job))


def _ledger_of(job: Mapping[str, Any]) -> bytes | None:
    words = ("create", "--network", "none", *options(job, "mount"), job["image"], "true")
    made = docker(*words)
    if made.returncode != 0:
        return None
    container = made.stdout.decode().strip()
    try:
        return read_file(container, ledger.FILE)
    finally:
        docker("rm", "--force", container)


def committed(check: Mapping[str, Any], records: Iterable[ledger.Record]) -> list[str]:
    """Which of the migrations that the check found pending a release has applied, by its ledger."""
    applied = {
        name
        for record in records
        if record["operation"] == "migrate" and record.get("release") == check.get("release")
        for name in record["result"].get("migrations") or ()
    }
    return [name for name in check.get("pending", ()) if name in applied]


def _told(migrations: str, content: Callable[[], bytes | None]) -> str:
    check = read(migrations)
    records = ledger.parse(content() or b"")[0] if check.get("pending") else []
    done = committed(check, records)
    unsafe = {entry["migration"] for entry in check.get("unsafe", ())} & set(done)
    lines = [_standing(migrations, unsafe)]
    if done:
        lines.append(f"Migrations that this release has committed: {', '.join(done)}.")
        lines.append(_way_back(check))
    return "\n".join(lines)


def _standing(migrations: str, committed: Collection[str]) -> str:
    if not window.is_open(migrations):
        return _SERVES
    if committed:
        window.hold(migrations, committed)
    return window.undo(migrations)


def _way_back(check: Mapping[str, Any]) -> str:
    copy = check.get("backup") if check.get("copied") else None
    if not copy:
        return "No copy of the database was made before them."
    return (
        f"The database as it was before them: backup {copy['id']}; "
        f"`{restore_command(check['stack'], copy['id'])}` puts it back, and loses what was "
        "written since"
    )


def read(migrations: str) -> dict[str, Any]:
    """What the check of the migrations found; nothing if there was none."""
    try:
        found: dict[str, Any] = json.loads(Path(migrations).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
