"""What a release that failed leaves behind: the migrations it committed, and what serves now."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.backups import restore_command
from ..host import notes
from ..host.what_serves import all_containers, reached_backends, running_retired
from ..own_commands import run_module
from . import window
from .applied import applied

_SERVES = "What was serving goes on serving."
_NOTHING = "Nothing was serving."
_PAGE = ", and visitors see the maintenance page."


def explain(described: Mapping[str, Any]) -> str:
    """What a release leaves behind whose containers have ended, in words.

    A window that it needed is closed if what was stopped can live with what it committed.

    Args:
        described: the migration check's description.
    """
    deployment: str = described["deployment"]
    check: Mapping[str, Any] = notes.read(deployment, notes.CHECK) or {}
    window.forget_if_over(deployment)
    pending: Sequence[str] = check.get("pending") or ()
    has_window = window.is_open(deployment)
    known = applied(described) if pending or has_window else frozenset()
    lines = [window.undo(deployment, known) if has_window else say_what_serves(described)]
    if known is None and pending:
        lines.append(
            "Which of its migrations it has committed is not known, since the database could not "
            f"be asked: {', '.join(pending)}."
        )
        lines.append(_way_back(check))
    elif committed := [name for name in pending if name in (known or ())]:
        lines.append(f"Migrations that this release has committed: {', '.join(committed)}.")
        lines.append(_way_back(check))
    return "\n".join(lines)


def settle(described: Mapping[str, Any]) -> None:
    """Visitors reach the new release: a window is over, and what its check found is past.

    Whatever fails later, such as one more replica, did not commit these migrations.

    Args:
        described: the migration check's description.
    """
    window.end(described["deployment"], retire=described["retire"])
    notes.remove(described["deployment"], notes.CHECK)


def say_what_serves(described: Mapping[str, Any]) -> str:
    """What serves, in words, when an update has failed.

    Args:
        described: the migration check's description.
    """
    deployment, retire = described["deployment"], described["retire"]
    if reached_backends(deployment) or running_retired(retire):
        return _SERVES
    if not described.get("serves"):
        return _NOTHING
    stands = f"Nothing serves{_PAGE if all_containers(deployment, 'edge') else '.'}"
    return (
        f"{stands} What served can be started again if it can live with the database as it is: "
        "`docker start` its containers (`docker ps --all`), then "
        f"`{run_module('migrations.window', deployment)}`."
    )


def _way_back(check: Mapping[str, Any]) -> str:
    copy = check.get("backup") if check.get("copied") else None
    if not copy:
        return "No copy of the database was made before them."
    return (
        f"The database as it was before them: backup {copy['id']}; "
        f"`{restore_command(check['stack'], copy['id'])}` puts it back, and loses what was "
        "written since"
    )
