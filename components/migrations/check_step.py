"""Looks at a release's migrations before any runs: refuses, copies the database, or goes on.

What it looks at is in a file that the program writes at each update: so the resource's own inputs
stay the same, and only its triggers decide that it looks again.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from deploy_runtime.migrate import alias_of

from ..data import backups
from ..host import notes, one_shot, what_serves
from ..host.client import fail
from ..step_output import result, say
from . import aftermath, applied, window
from .refusal import judge, settle_consents

Check = Mapping[str, Any]


def look(check: Check) -> dict[str, Any]:
    """Ask the new release, in a container of its own, what its migrate would do."""
    if check["fresh"]:
        nothing: list[Any] = []
        return {"new": True, **dict.fromkeys(("pending", "unsafe", "warnings", "ahead"), nothing)}
    done = applied.ask(check, "deploy_runtime.pending")
    report: dict[str, Any] | None = applied.answer(done)
    said = done.stderr.decode(errors="replace").strip()
    if report is None:
        killed = applied.killed(check)
        fail(
            "migrations: they could not be looked at, and nothing was changed. "
            f"{aftermath.say_what_serves(check)} The release said:\n\n"
            f"{said or '(it printed nothing)'}" + (f"\n\nWhat to do: {killed}" if killed else "")
        )
    # Of a long wait for the database people should know.
    for line in said.splitlines():
        if line.startswith("waiting for"):
            say(line)
    return report


def prepare(check: Check, report: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the database, if anything is pending on one that has something in it.

    Returns:
        What is known of the last copy, and whether it was made now.
    """
    last = {"backup": check["last_backup"], "copied": False}
    if report["new"] or not report["pending"]:
        return last
    say(f"migrations: pending: {', '.join(report['pending'])}")
    if not check["backups"]:
        say("backup: none is made (database.backups is 0)")
        return last
    database = backups.Database(
        deployment=check["deployment"],
        engine=report["engine"],
        file=report.get("file", ""),
        application=(
            *check["restrictions"],
            *one_shot.options(check, "mount", "env"),
            check["image"],
        ),
        network=check["networks"][-1],
        tools=check["tools"],
        volume=check["volume"],
        alias=alias_of(check["flags"]),
    )
    if not database.suffix:
        say(f"backup: none is made of a database on {report['engine']}")
        return last
    details = {"pending": report["pending"], "serving": check["serving"]}
    try:
        made = database.make(check["serves"] or check["release"], details, keep=check["backups"])
    except backups.CopyError as error:
        fail(_without_a_copy(str(error), check["stack"]))
    backups.tell(made)
    shown = {key: made[key] for key in ("id", "volume", "file")}
    shown["restore"] = backups.restore_command(check["stack"], made["id"])
    return {"backup": shown, "copied": True}


def _without_a_copy(problem: str, stack: str) -> str:
    hint = ""
    if "server version mismatch" in problem:
        hint = (
            " Use an image of the server's version: "
            f"`pulumi config set --path database.image postgres:18 -s {stack}`."
        )
    return (
        f"backup: {problem}\nSo nothing is migrated. What to do:{hint} Make room or put right what "
        f"it names, and run `pulumi up -s {stack}` again. Without a copy: "
        f"`pulumi config set --path database.backups 0 -s {stack}`"
    )


def main() -> None:
    """Look at what the file CHECK describes; print the outcome as JSON."""
    check = applied.description(os.environ["CHECK"])
    deployment = check["deployment"]
    report = look(check)
    window.forget_if_over(deployment)
    serving = [] if check["fresh"] else what_serves.serving_containers(deployment, check["retire"])
    # While nothing serves, what is wrong with config alone holds nobody up.
    ended = settle_consents(check if serving else {**check, "ended": {}}, report)
    windowed = judge(check, report, serving)
    try:
        # One that an interrupted update left open goes on, with what this release adds to it.
        left_open = not serving and window.is_open(deployment)
        if windowed or (left_open and report["unsafe"]):
            _open(check, report, serving)
        before = serving or window.stopped_for_it(deployment)
        copied = prepare({**check, "serving": before}, report)
    except SystemExit:
        if window.is_open(deployment):
            say(window.undo(deployment, applied.applied(check)))
        raise
    known = {"stack": check["stack"], "release": check["release"], "window": windowed}
    # What there is in all is as long as a project is old, and was for the consents alone.
    found = {key: value for key, value in report.items() if key not in ("applied", "known")}
    outcome = {**found, **known, **copied, "ended": ended}
    _note(check, outcome)
    result(outcome)


def _note(check: Check, outcome: Mapping[str, Any]) -> None:
    # For whoever fails after this, from whichever checkout: nothing but what they say.
    if outcome["pending"]:
        kept = {key: outcome[key] for key in ("stack", "pending", "backup", "copied")}
        notes.write(check["deployment"], notes.CHECK, kept, image=check["image"])
    else:
        notes.remove(check["deployment"], notes.CHECK)


def _open(check: Check, report: Mapping[str, Any], serving: Sequence[str]) -> None:
    window.begin(
        check["deployment"],
        serving,
        grace=check["grace"],
        unsafe=[entry["migration"] for entry in report["unsafe"]],
        image=check["image"],
    )


if __name__ == "__main__":
    main()
