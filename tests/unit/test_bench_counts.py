"""From the probe's notes to counts."""

import json
from typing import Any

from bench.counts import (
    Built,
    Tally,
    built_by_compose,
    differences,
    operation_of,
    parse_notes,
    point_of,
    tally,
    tally_of_ledger,
)

LOG = """\
#12 [backend 8/9] RUN mkdir -p data
#12 CACHED

#13 [backend 9/9] RUN python manage.py collectstatic --noinput || true
#13 0.812 some warning
#13 1.035 131 static files copied to '/app/staticfiles', 393 post-processed.
#13 DONE 1.2s
#14 DONE 0.7s
"""


def note(pid: int, event: str, seconds: float, *argv: str, **more: Any) -> dict[str, Any]:
    return {
        "pid": pid,
        "argv": list(argv),
        "origin": "command",
        "event": event,
        "seconds": seconds,
        **{"name": "", "applied": 0, "copied": 0, **more},
    }


def test_a_command_of_its_own_process_takes_its_start_along() -> None:
    argv = ("manage.py", "migrate")
    notes = [
        note(7, "boot", 0.5, *argv),
        note(7, "command", 0.25, *argv, name="migrate", applied=22),
    ]
    count = tally(notes).get("migrate", "startup")
    assert (count.calls, count.seconds, count.result) == (1, 0.75, 22)
    assert tally(notes).get("start", "startup").calls == 1


def test_commands_of_one_process_share_its_start() -> None:
    argv = ("-m", "deploy_runtime.seed")
    notes = [
        note(7, "boot", 0.5, *argv),
        note(7, "command", 0.25, *argv, name="migrate"),
        note(7, "command", 0.125, *argv, name="seed_roles"),
    ]
    result = tally(notes)
    assert result.get("migrate", "job").seconds == 0.25
    assert result.get("seed", "job").seconds == 0.125
    assert result.get("start", "job").calls == 1


def test_a_process_number_that_comes_again_is_another_process() -> None:
    argv = ("manage.py", "migrate")
    first = [note(7, "boot", 0.5, *argv), note(7, "command", 0.5, *argv, name="migrate")]
    result = tally([*first, *first])
    assert result.get("start", "startup").calls == 2
    assert result.get("migrate", "startup").seconds == 2.0


def test_a_build_is_counted_with_its_start() -> None:
    result = tally([], Built(seconds=1.5, files=131))
    assert result.get("collectstatic", "build").result == 131
    assert result.all("start").calls == 1


def test_nothing_ran() -> None:
    assert tally([]).all("migrate").calls == 0
    assert tally([]).as_data() == []


def test_counts_as_data() -> None:
    result = Tally()
    result.add("migrate", "job", 0.12345, 3)
    result.add("migrate", "job", 0.1)
    assert result.as_data() == [
        {"operation": "migrate", "point": "job", "calls": 2, "seconds": 0.223, "result": 3}
    ]


def test_points() -> None:
    assert point_of({"origin": "command", "argv": ["manage.py", "migrate"]}) == "startup"
    assert point_of({"origin": "exec", "argv": ["manage.py", "migrate"]}) == "job"
    assert point_of({"origin": "command", "argv": ["-m", "deploy_runtime.seed"]}) == "job"


def test_operations() -> None:
    assert operation_of("collectstatic") == "collectstatic"
    assert operation_of("seed_roles") == "seed"
    assert operation_of("check") == ""


def test_notes_that_are_cut_off_are_left_out() -> None:
    whole = note(1, "boot", 0.1)
    assert parse_notes(json.dumps(whole) + '\n{"pid": 2, "ar') == [whole]


def test_a_build_that_ran() -> None:
    assert built_by_compose(LOG) == Built(seconds=1.2, files=131)


def test_a_build_whose_failure_was_hidden() -> None:
    log = LOG.replace("131 static files copied", "Error: no such folder")
    assert built_by_compose(log) == Built(seconds=1.2, files=0)


def test_a_build_from_the_cache() -> None:
    assert built_by_compose(LOG.replace("#13 DONE 1.2s", "#13 CACHED")) is None
    assert built_by_compose("") is None


def test_a_ledgers_seeding_counts_its_steps() -> None:
    records = [
        {"operation": "migrate", "point": "job", "result": {"applied": 22}},
        {"operation": "seed", "point": "job", "result": {"steps": ["a created", "b created"]}},
    ]
    result = tally_of_ledger(records)
    assert result.get("migrate", "job").result == 22
    assert result.get("seed", "job").calls == 2


def test_differences_name_operation_and_point() -> None:
    noted, recorded = Tally(), Tally()
    for each in (noted, recorded):
        each.add("migrate", "startup", 0.5, 4)
    noted.add("collectstatic", "build", 1.0)
    assert differences(noted, recorded) == []
    recorded.add("collectstatic", "startup", 1.0)
    assert differences(noted, recorded) == [
        "collectstatic in startup: the probe has 0 calls, 0 done; the ledger has 1, 0"
    ]
