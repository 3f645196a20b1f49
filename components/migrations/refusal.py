"""Refuses migrations that may not run, with the ways to go on; else says what is to be known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..data import backups
from ..host.client import fail
from ..step_output import say
from . import aftermath
from .consent import ALLOW, ALLOW_AHEAD, Consent
from .policy import AHEAD, UNSAFE

Check = Mapping[str, Any]

_IN_TWO = (
    "in two releases: the first brings what the new code needs and leaves what the old code uses; "
    "the second takes that away (docs/migrations.md)"
)
_IN_A_WINDOW = (
    "`pulumi config set --path migrations.window true -s {stack}`: what serves is stopped while "
    "they run, and visitors see the maintenance page"
)
_ALL_THE_SAME = "{commands}: the new version starts first all the same"


def settle_consents(check: Check, report: Mapping[str, Any]) -> dict[str, list[str]]:
    """Refuse consents to migrations that don't exist, and say which do nothing any more.

    Args:
        check: the description that the program wrote.
        report: what the release found.

    Returns:
        By the key of config, the migrations to which the consent has ended.
    """
    # An earlier release tells less, and has not what the project's next one brings.
    if "known" not in report:
        return {ALLOW: [], ALLOW_AHEAD: []}
    there = {*report["known"], *report["applied"]}
    allow, allow_ahead = _allow(check), _allow_ahead(check)
    for consent in [allow_ahead] if check["pinned"] else [allow, allow_ahead]:
        _refuse_unknown(check, consent, there)
    applied = {*allow.names} & {*report["applied"]}
    over = {*allow_ahead.names} - {*report["ahead"]}
    # Asked of the database, and not of the state: a copy that was restored brings consents back.
    for consent, ended in ((allow, applied), (allow_ahead, over)):
        if long := ended & {*check["ended"].get(consent.key, ())}:
            fail(_refusal(check, *consent.long_ended(long)))
    told = {*check["told"]}
    for warning in (allow.ended(applied - told), allow_ahead.ended(over - told)):
        if warning:
            say(f"warning: {warning}")
    return {ALLOW: sorted(applied), ALLOW_AHEAD: sorted(over)}


def _refuse_unknown(check: Check, consent: Consent, there: Collection[str]) -> None:
    unknown = [name for name in consent.names if name not in there]
    if unknown:
        nobody = "neither this release nor the database has"
        fail(_refusal(check, *consent.unknown(unknown, sorted(there), nobody)))


def judge(check: Check, report: Mapping[str, Any], serving: Sequence[str]) -> bool:
    """Refuse what may not go on, and say what is to be said.

    Args:
        check: the description that the program wrote.
        report: what the release found.
        serving: the containers that serve.

    Returns:
        A window is needed in which nothing serves.
    """
    _judge_ahead(check, report["ahead"])
    for line in _lines(report["warnings"]):
        say(f"warning: migrations:{line}")
    # Where nothing serves, there is nobody who would have to live with them.
    if not report["unsafe"] or not serving:
        return False
    allow = _allow(check)
    missing = allow.missing(entry["migration"] for entry in report["unsafe"])
    unsafe = UNSAFE[not missing, check["window"]]
    if unsafe.refuses:
        lines = list(_lines(e for e in report["unsafe"] if e["migration"] in missing))
        fail(_refusal(check, unsafe.says, _ways_of_unsafe(allow, missing), lines))
    say("\n".join([f"warning: {unsafe.says}:", *_lines(report["unsafe"])]))
    return unsafe.window


def _judge_ahead(check: Check, names: Sequence[str]) -> None:
    consent = _allow_ahead(check)
    missing = consent.missing(names)
    ahead = AHEAD[not missing]
    if ahead.refuses:
        lines = [f"  {name}" for name in missing]
        fail(_refusal(check, ahead.says, _ways_of_ahead(check, names, missing), lines))
    if names:
        say("\n".join([f"warning: {ahead.says}:", *(f"  {name}" for name in names)]))


def _allow(check: Check) -> Consent:
    return Consent(key=ALLOW, names=check["allow"], stack=check["stack"])


def _allow_ahead(check: Check) -> Consent:
    return Consent(key=ALLOW_AHEAD, names=check["allow_ahead"], stack=check["stack"])


def _lines(entries: Iterable[Mapping[str, str]]) -> Iterable[str]:
    return (f"  {e['migration']}: {e['operation']}: {e['why']}" for e in entries)


def _refusal(check: Check, says: str, ways: Iterable[str], lines: Sequence[str] = ()) -> str:
    text = [f"migrations: {says}{':' if lines else '.'}", *lines]
    text += [f"Nothing was changed. {aftermath.say_what_serves(check)}"]
    return "\n".join([*text, "What to do, one of:", *(f"  - {way}" for way in ways)])


def _ways_of_unsafe(allow: Consent, missing: Sequence[str]) -> list[str]:
    return [
        _IN_TWO,
        _IN_A_WINDOW.format(stack=allow.stack),
        _ALL_THE_SAME.format(commands=allow.giving(missing)),
    ]


def _ways_of_ahead(check: Check, names: Sequence[str], missing: Sequence[str]) -> list[str]:
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
        f"{_allow_ahead(check).giving(missing)}, if this release can live with them",
    ]
