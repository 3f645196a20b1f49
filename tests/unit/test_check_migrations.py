"""The check of migrations: what it refuses, what it says, and what it does before they run."""

import json
from pathlib import Path
from typing import Any

import pytest

from components import step_output
from components.data import backups
from components.migrations import check_step
from components.step_output import parsed
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.fake_notes import FakeNotes

UNSAFE = {"migration": "shop.0002_x", "operation": "Remove field name", "why": "it is dropped"}
REPORT: dict[str, Any] = {
    "engine": "sqlite",
    "file": "/srv/data/db.sqlite3",
    "new": False,
    "pending": ["shop.0002_x"],
    "unsafe": [],
    "warnings": [],
    "ahead": [],
    "applied": ["shop.0001_initial"],
    "known": ["shop.0001_initial", "shop.0002_x"],
}


class Shop:
    """A check as the program describes it, run on a pretended docker."""

    def __init__(self, file: Path, cli: FakeDocker, noted: FakeNotes, command: Command) -> None:
        self.file, self.cli, self.noted, self.command = file, cli, noted, command
        self.outcome: Any = None

    def run(self, report: dict[str, Any], **changes: Any) -> str:
        """Run the check, which finds this; returns what it said."""
        self._finds(report, **changes)
        return self.command.says(check_step.main)

    def fails(self, report: dict[str, Any], **changes: Any) -> str:
        """Run a check that has to refuse the update; returns what it said."""
        self._finds(report, **changes)
        return self.command.fails(check_step.main)

    def _finds(
        self, report: dict[str, Any], *, code: int = 0, err: str = "it said", **changes: Any
    ) -> None:
        check = {
            "deployment": "shop",
            "stack": "live",
            "release": "new0123456789",
            "serves": "old0123456789",
            "image": "shop:new",
            "networks": ["shop"],
            "restrictions": ["--cap-drop", "ALL"],
            "memory": 0,
            "mount": ["type=volume,source=shop-data,target=/srv/data"],
            "env": ["A=1"],
            "flags": ["--run-syncdb"],
            "fresh": False,
            "window": False,
            "allow": [],
            "allow_ahead": [],
            "pinned": False,
            "told": [],
            "ended": {},
            "backups": 5,
            "volume": "shop-backups",
            "tools": "",
            "retire": [],
            "grace": 35,
            "last_backup": {"id": "before"},
            **changes,
        }
        self.file.write_text(json.dumps(check))
        asked = "run --rm --init --name shop-migration-check"
        if not check["fresh"]:
            self.cli.on(asked, out=f"noise\n{json.dumps(report)}\n", code=code, err=err)

    def called(self, words: str) -> list[str]:
        """The calls of docker that begin so."""
        return [call for call in self.cli.calls if call.startswith(words)]


@pytest.fixture
def shop(
    check_file: Path,
    cli: FakeDocker,
    noted: FakeNotes,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    made = Shop(check_file, cli, noted, command)

    def result(outcome: Any) -> None:
        made.outcome = outcome
        step_output.result(outcome)

    monkeypatch.setattr(check_step, "result", result)
    return made


COPY = "run --rm --init --name shop-backup"


def test_nothing_pending_needs_no_second_container(shop: Shop) -> None:
    shop.run({**REPORT, "pending": []})
    assert len(shop.called("run")) == 1
    said = parsed(shop.command.out)
    assert said == shop.outcome
    assert said["backup"] == {"id": "before"}, "the last one made"
    assert said["copied"] is False


def test_the_release_is_asked_as_it_would_start(shop: Shop) -> None:
    shop.run({**REPORT, "pending": []})
    (call,) = shop.called("run")
    assert call.endswith(
        "--network shop --cap-drop ALL "
        "--mount type=volume,source=shop-data,target=/srv/data --env A=1 "
        "shop:new python -m deploy_runtime.pending --run-syncdb"
    )


def test_where_there_is_no_data_nothing_is_started(shop: Shop) -> None:
    shop.run({}, fresh=True)
    assert shop.cli.calls == []
    assert shop.outcome["new"] is True


def test_a_new_database_is_not_copied(shop: Shop) -> None:
    shop.run({**REPORT, "new": True})
    assert not shop.called(COPY)


def test_pending_ones_are_named_and_the_database_is_copied(shop: Shop) -> None:
    shop.cli.on(COPY, out="4096\n")
    said = shop.run(REPORT)
    copied, finished = shop.called(COPY)
    assert "--user 0 --mount type=volume,source=shop-backups,target=/srv/backups" in copied
    assert " python - copy /srv/data/db.sqlite3 /srv/backups/" in copied
    assert finished.endswith(" 5")
    entry = json.loads(shop.cli.stdin[-1] or b"")
    assert (entry["release"], entry["bytes"]) == ("old0123456789", 4096)
    assert entry["pending"] == ["shop.0002_x"]
    assert entry["id"].endswith("-old01234")
    outcome = shop.outcome
    assert outcome["copied"] is True
    assert outcome["backup"] == {
        "id": entry["id"],
        "volume": "shop-backups",
        "file": f"{entry['id']}.sqlite3",
        "restore": f"make restore STACK=live BACKUP={entry['id']}",
    }
    assert "migrations: pending: shop.0002_x" in said


def test_the_copy_is_one_of_the_database_that_is_migrated(shop: Shop) -> None:
    shop.cli.on(COPY, out="password=x\n").on(COPY, out="9\n").on(COPY)
    report = {**REPORT, "engine": "postgresql", "file": ""}
    shop.run(report, tools="sha256:pg", flags=["--database", "stock"])
    assert shop.called(COPY)[0].endswith(" python - stock")
    assert json.loads(shop.cli.stdin[-1] or b"")["alias"] == "stock"


@pytest.mark.parametrize(
    ("report", "changes", "says"),
    [
        ({}, {"backups": 0, "volume": ""}, "backup: none is made (database.backups is 0)"),
        ({"engine": "mysql"}, {}, "backup: none is made of a database on mysql"),
        ({"engine": "postgresql"}, {}, "backup: none is made of a database on postgresql"),
        ({"file": ""}, {}, "backup: none is made of a database on sqlite"),
    ],
)
def test_where_no_copy_can_be_made_that_is_said(
    shop: Shop, report: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    said = shop.run({**REPORT, **report}, **changes)
    assert says in said
    assert not shop.called(COPY)


def test_a_copy_that_fails_stops_the_update(shop: Shop) -> None:
    shop.cli.on(COPY, code=1, err="/srv/data/db.sqlite3: database or disk is full\n")
    said = shop.fails(REPORT)
    assert "no copy of the database could be made: /srv/data/db.sqlite3: database or disk" in said
    assert "So nothing is migrated." in said
    assert "`pulumi config set --path database.backups 0 -s " in said
    assert shop.outcome is None
    assert shop.noted.check is None


def test_a_servers_address_goes_from_one_container_to_the_next_unseen(shop: Shop) -> None:
    secret = "[deployment]\npassword=open-sesame\n"
    shop.cli.on(COPY, out=secret).on(COPY, out="9\n").on(COPY)
    said = shop.run({**REPORT, "engine": "postgresql", "file": ""}, tools="sha256:pg")
    asked, dumped, _ = shop.called(COPY)
    assert asked.endswith("--network none shop:new python - default")
    assert "sha256:pg -c" in dumped
    assert "--network shop" in dumped
    assert shop.cli.stdin[shop.cli.calls.index(dumped)] == secret.encode()
    assert "open-sesame" not in said + shop.command.out + "".join(shop.cli.calls)


def test_what_cannot_be_looked_at_stops_the_update(shop: Shop) -> None:
    said = shop.fails(REPORT, code=1)
    assert "they could not be looked at, and nothing was changed" in said
    assert said.endswith("it said\n")


def test_a_wait_for_the_database_is_told_and_no_other_noise(shop: Shop) -> None:
    waited = "waiting for the database, 10 s: timeout expired"
    said = shop.run({**REPORT, "pending": []}, err=f"a warning\n{waited}\n")
    assert waited in said
    assert "a warning" not in said


@pytest.mark.parametrize("policy", [{}, {"allow": ["shop.0002_x"]}, {"window": True}])
def test_where_nothing_serves_nobody_has_to_live_with_it(
    shop: Shop, policy: dict[str, Any]
) -> None:
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, **policy)
    assert shop.outcome["window"] is False


def test_unsafe_migrations_are_refused(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    said = shop.fails({**REPORT, "unsafe": [UNSAFE]})
    assert "  shop.0002_x: Remove field name: it is dropped\n" in said
    for way in (
        "in two releases",
        "`pulumi config set --path migrations.window true -s live`",
        "`pulumi config set --path 'migrations.allow[0]' shop.0002_x -s live`",
    ):
        assert way in said
    assert not shop.called(COPY)
    assert not shop.called("stop")


def test_unsafe_migrations_may_be_allowed(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    shop.cli.on(COPY, out="1")
    said = shop.run({**REPORT, "unsafe": [UNSAFE]}, allow=["shop.0002_x"])
    assert "warning: the version that serves may fail" in said
    assert not shop.called("stop")


def test_one_that_is_allowed_opens_no_window(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    shop.cli.on(COPY, out="1")
    said = shop.run({**REPORT, "unsafe": [UNSAFE]}, allow=["shop.0002_x"], window=True)
    assert "(migrations.allow names them):\n  shop.0002_x" in said
    assert not shop.called("stop")


TWO = {
    **REPORT,
    "pending": ["shop.0002_x", "shop.0003_y", "shop.0004_z"],
    "unsafe": [UNSAFE, *({**UNSAFE, "migration": f"shop.{name}"} for name in ("0003_y", "0004_z"))],
    "known": [*REPORT["known"], "shop.0003_y", "shop.0004_z"],
}


def test_a_consent_that_covers_some_is_refused_with_what_is_missing(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    said = shop.fails(TWO, allow=["shop.0001_initial", "shop.0003_y"])
    assert "  shop.0002_x: Remove field name" in said
    assert "  shop.0003_y" not in said
    assert (
        "`pulumi config set --path 'migrations.allow[2]' shop.0002_x -s live`, "
        "`pulumi config set --path 'migrations.allow[3]' shop.0004_z -s live`: the new version "
    ) in said
    assert not shop.called(COPY)


def test_what_is_allowed_in_part_runs_in_a_window_if_there_may_be_one(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    policy = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    shop.cli.on("container inspect shop-backend-1", out=[policy])
    shop.cli.on(COPY, out="1")
    said = shop.run(TWO, allow=["shop.0003_y"], window=True)
    assert "(migrations.window is true):\n  shop.0002_x" in said
    assert shop.outcome["window"] is True


def test_a_consent_is_used_up_once_its_migration_is_applied(shop: Shop) -> None:
    report = {**REPORT, "pending": [], "applied": REPORT["known"]}
    said = shop.run(report, allow=["shop.0002_x"])
    assert (
        "warning: migrations.allow: shop.0002_x is applied: the consent does nothing any more, "
        "remove it with `pulumi config rm --path migrations.allow -s live`"
    ) in said
    assert shop.outcome["ended"] == {
        "migrations.allow": ["shop.0002_x"],
        "migrations.allowAhead": [],
    }
    assert "known" not in shop.outcome


def test_what_the_program_has_said_of_consents_is_not_said_again(shop: Shop) -> None:
    report = {**REPORT, "pending": [], "applied": REPORT["known"]}
    assert "migrations.allow" not in shop.run(report, allow=["shop.0002_x"], told=["shop.0002_x"])
    assert shop.outcome["ended"] == {
        "migrations.allow": ["shop.0002_x"],
        "migrations.allowAhead": [],
    }


LONG_AGO = {"migrations.allow": ["shop.0002_x"], "migrations.allowAhead": []}


def test_a_consent_of_long_ago_is_refused(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    report = {**REPORT, "pending": [], "applied": REPORT["known"]}
    said = shop.fails(report, allow=["shop.0002_x"], ended=LONG_AGO)
    assert "migrations.allow names shop.0002_x: applied before the release that serves" in said
    assert "remove it: `pulumi config rm --path migrations.allow -s live`" in said
    assert "Nothing was changed" in said


def test_while_nothing_serves_a_consent_of_long_ago_is_warned_of(shop: Shop) -> None:
    report = {**REPORT, "pending": [], "applied": REPORT["known"]}
    said = shop.run(report, allow=["shop.0002_x"], ended=LONG_AGO)
    assert "warning: migrations.allow: shop.0002_x is applied" in said


def test_a_copy_from_before_a_migration_brings_its_consent_back(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    shop.cli.on(COPY, out="1")
    assert "migrations.allow" not in shop.run(REPORT, allow=["shop.0002_x"], ended=LONG_AGO)


@pytest.mark.parametrize("key", ["allow", "allow_ahead"])
def test_a_consent_to_what_does_not_exist_is_refused(shop: Shop, key: str) -> None:
    shop.cli.serves("shop-backend-1")
    said = shop.fails(REPORT, **{key: ["shop.0001_initial", "shop.0002_xx"]})
    name = {"allow": "migrations.allow", "allow_ahead": "migrations.allowAhead"}[key]
    assert (
        f"migrations: {name} names shop.0002_xx, which neither this release nor the database has.\n"
        "Nothing was changed. What was serving goes on serving."
    ) in said
    assert (
        f"did you mean shop.0002_x? `pulumi config set --path '{name}[1]' shop.0002_x -s live`"
    ) in said
    assert f"`pulumi config rm --path '{name}[1]' -s live`" in said
    assert not shop.called(COPY)


def test_an_earlier_release_need_not_have_what_the_next_one_is_allowed(shop: Shop) -> None:
    shop.run({**REPORT, "pending": []}, allow=["shop.0009_next"], pinned=True)
    assert shop.outcome["ended"] == {"migrations.allow": [], "migrations.allowAhead": []}


def test_one_of_an_earlier_version_of_this_program_tells_less(shop: Shop) -> None:
    report = {**REPORT, "pending": []}
    told = {key: value for key, value in report.items() if key not in ("known", "applied")}
    shop.run(told, allow=["shop.0009_next"], allow_ahead=["shop.0003_x"])
    assert shop.outcome["ended"] == {"migrations.allow": [], "migrations.allowAhead": []}


def test_a_window_stops_what_serves_before_the_copy(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    policy = {"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}
    shop.cli.on("container inspect shop-backend-1", out=[policy])
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, window=True)
    order = [c.split()[0] for c in shop.cli.calls if c.split()[0] in ("update", "stop", "run")]
    assert order == ["run", "update", "stop", "run", "run"]
    assert "stop --time 35 shop-backend-1" in shop.cli.calls
    assert shop.outcome["window"] is True
    assert shop.noted.window["stopped"] == {"shop-backend-1": "unless-stopped"}


def test_what_was_stopped_is_started_again_if_no_copy_can_be_made(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    state = {"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}
    shop.cli.on("container inspect shop-backend-1", out=[state])
    shop.cli.on(COPY, code=1, err="no")
    said = shop.fails({**REPORT, "unsafe": [UNSAFE]}, window=True)
    assert "update --restart=unless-stopped shop-backend-1" in shop.cli.calls
    assert "start shop-backend-1" in shop.cli.calls
    assert "What was stopped serves again: shop-backend-1." in said
    assert shop.noted.window is None


def test_what_is_taken_over_from_is_stopped_for_a_window_too(shop: Shop) -> None:
    state = {"State": {"Running": True}, "HostConfig": {"RestartPolicy": {"Name": "always"}}}
    shop.cli.on("container inspect old_web", out=[state])
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, window=True, retire=["old_web"])
    assert "stop --time 35 old_web" in shop.cli.calls


LIST = "run --rm --user 0 --network none --mount type=volume,source=shop-backups"


def test_a_release_that_the_database_is_ahead_of_is_refused(shop: Shop) -> None:
    copies = [
        {"id": "3", "pending": ["shop.0005_z"]},
        {"id": "2", "pending": ["shop.0004_y"]},
        {"id": "1", "pending": ["shop.0003_x"]},
    ]
    shop.cli.on(LIST, out="\n".join(map(json.dumps, copies)))
    said = shop.fails({**REPORT, "ahead": ["shop.0003_x", "shop.0004_y"]})
    assert "  shop.0003_x\n" in said
    assert "`make restore STACK=live BACKUP=1 STAY_STOPPED=yes`" in said, "made before both"
    assert (
        "`pulumi config set --path 'migrations.allowAhead[0]' shop.0003_x -s live`, `pulumi config "
        "set --path 'migrations.allowAhead[1]' shop.0004_y -s live`, if this release can live"
    ) in said


def test_no_copy_is_named_where_none_was_made_before_all_of_them(shop: Shop) -> None:
    shop.cli.on(LIST, out=json.dumps({"id": "2", "pending": ["shop.0004_y"]}))
    assert "BACKUP=ID STAY_STOPPED=yes" in shop.fails(
        {**REPORT, "ahead": ["shop.0003_x", "shop.0004_y"]}
    )


AHEAD = {
    **REPORT,
    "pending": [],
    "ahead": ["shop.0003_x"],
    "applied": ["shop.0001_initial", "shop.0003_x"],
}


def test_it_may_be_allowed(shop: Shop) -> None:
    said = shop.run(AHEAD, allow_ahead=["shop.0003_x"])
    assert "(migrations.allowAhead names them):\n  shop.0003_x" in said
    assert "any more" not in said


def test_no_other_may(shop: Shop) -> None:
    more = {**AHEAD, "applied": [*AHEAD["applied"], "shop.0004_y"]}
    said = shop.fails(
        {**more, "ahead": ["shop.0003_x", "shop.0004_y"]}, allow_ahead=["shop.0003_x"]
    )
    assert "  shop.0003_x\n" not in said
    assert "  shop.0004_y\n" in said
    assert "`pulumi config set --path 'migrations.allowAhead[1]' shop.0004_y -s live`" in said


def test_it_ends_with_a_release_that_has_it(shop: Shop) -> None:
    report = {**AHEAD, "ahead": [], "known": AHEAD["applied"]}
    assert (
        "warning: migrations.allowAhead: shop.0003_x is none that the database is ahead by: the "
        "consent does nothing any more"
    ) in shop.run(report, allow_ahead=["shop.0003_x"])


def test_what_an_earlier_release_had_pending_is_past(shop: Shop) -> None:
    shop.noted.check = {"pending": ["an.earlier_one"]}
    shop.run({**REPORT, "pending": []})
    assert shop.noted.check is None


def test_what_is_pending_is_noted_for_whoever_fails_later(shop: Shop) -> None:
    shop.cli.on(COPY, out="1")
    shop.run(REPORT)
    kept = {"stack": "live", "pending": ["shop.0002_x"], "copied": True}
    assert shop.noted.check == {**kept, "backup": shop.outcome["backup"]}


def test_a_missing_file_says_what_writes_it(shop: Shop) -> None:
    shop.file.unlink()
    assert "run `pulumi up` again, it writes the file" in shop.command.fails(check_step.main)


def test_copies_are_listed_newest_first(cli: FakeDocker) -> None:
    cli.on(LIST, out='{"id": "1"}\n\n{"id": "2"}\n')
    assert [entry["id"] for entry in backups.entries("shop-backups", "image")] == ["2", "1"]
