"""Refuses migrations that may not run, with the ways to go on; else says what is to be known."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..data import backups
from ..host.client import fail
from ..step_output import say
from . import aftermath
from .policy import AHEAD, UNSAFE

Check = Mapping[str, Any]

_WAYS = (
    "in two releases: the first brings what the new code needs and leaves what the old code uses; "
    "the second takes that away (docs/migrations.md)",
    "`pulumi config set --path migrations.unsafe window -s {stack}`: what serves is stopped while "
    "they "
    "run, and visitors see the maintenance page",
    "`pulumi config set --path migrations.unsafe allow -s {stack}`: the new version starts first "
    "all the "
    "same",
)


def judge(check: Check, report: Mapping[str, Any], serving: Sequence[str]) -> bool:
    """Refuse what may not go on, and say what is to be said.

    Args:
        check: the description that the program wrote.
        report: what the release found.
        serving: the containers that serve.

    Returns:
        A window is needed in which nothing serves.
    """
    ahead, unsafe = AHEAD[check["ahead"]], UNSAFE[check["unsafe"]]
    if report["ahead"]:
        names = [f"  {name}" for name in report["ahead"]]
        if ahead.refuses:
            fail(_refusal(check, ahead.says, names, _ways_of_ahead(check, report["ahead"])))
        say("\n".join([f"warning: {ahead.says}:", *names]))
    for line in _lines(report["warnings"]):
        say(f"warning: migrations:{line}")
    # Where nothing serves, there is nobody who would have to live with them.
    if not report["unsafe"] or not serving:
        return False
    lines = list(_lines(report["unsafe"]))
    if unsafe.refuses:
        fail(_refusal(check, unsafe.says, lines, [way.format(**check) for way in _WAYS]))
    say("\n".join([f"warning: {unsafe.says}:", *lines]))
    return unsafe.window


def _lines(entries: Iterable[Mapping[str, str]]) -> Iterable[str]:
    return (f"  {e['migration']}: {e['operation']}: {e['why']}" for e in entries)


def _refusal(check: Check, says: str, lines: Sequence[str], ways: Iterable[str]) -> str:
    text = [f"migrations: {says}:", *lines]
    text += [f"Nothing was changed. {aftermath.say_what_serves(check)}"]
    return "\n".join([*text, "What to do, one of:", *(f"  - {way}" for way in ways)])


def _ways_of_ahead(check: Check, names: Sequence[str]) -> list[str]:
    there = backups.entries(check["volume"], check["image"]) if check["volume"] else []
    # Of each the last copy that was made before it; of these the first, which is before all.
    found = [next((e for e in there if name in e.get("pending", ())), None) for name in names]
    before = min((e for e in found if e), key=lambda e: str(e["id"])) if all(found) else None
    restore = backups.restore_command(check["stack"], before["id"] if before else "ID")
    which = "was made before them" if before else "was made before them, if there is one"
    return [
        "deploy a release that has them",
        f"`{restore} STAY_STOPPED=yes`, then `pulumi up -s {check['stack']}`: puts back the copy "
        f"of the database that {which}, and loses what was written since",
        f"`pulumi config set --path migrations.ahead allow -s {check['stack']}`, if this release "
        "can live "
        "with them",
    ]
