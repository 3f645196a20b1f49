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
            "network": "shop",
            "mount": ["type=volume,source=shop-data,target=/srv/data"],
            "env": ["A=1"],
            "flags": ["--run-syncdb"],
            "fresh": False,
            "unsafe": "refuse",
            "ahead": "refuse",
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
        "--network shop "
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


@pytest.mark.parametrize("policy", ["refuse", "allow", "window"])
def test_where_nothing_serves_nobody_has_to_live_with_it(shop: Shop, policy: str) -> None:
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, unsafe=policy)
    assert shop.outcome["window"] is False


def test_unsafe_migrations_are_refused(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    said = shop.fails({**REPORT, "unsafe": [UNSAFE]})
    assert "  shop.0002_x: Remove field name: it is dropped\n" in said
    for way in ("in two releases", "migrations.unsafe window", "migrations.unsafe allow"):
        assert way in said
    assert not shop.called(COPY)
    assert not shop.called("stop")


def test_unsafe_migrations_may_be_allowed(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    shop.cli.on(COPY, out="1")
    said = shop.run({**REPORT, "unsafe": [UNSAFE]}, unsafe="allow")
    assert "warning: the version that serves may fail" in said
    assert not shop.called("stop")


def test_a_window_stops_what_serves_before_the_copy(shop: Shop) -> None:
    shop.cli.serves("shop-backend-1")
    policy = {"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}
    shop.cli.on("container inspect shop-backend-1", out=[policy])
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, unsafe="window")
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
    said = shop.fails({**REPORT, "unsafe": [UNSAFE]}, unsafe="window")
    assert "update --restart=unless-stopped shop-backend-1" in shop.cli.calls
    assert "start shop-backend-1" in shop.cli.calls
    assert "What was stopped serves again: shop-backend-1." in said
    assert shop.noted.window is None


def test_what_is_taken_over_from_is_stopped_for_a_window_too(shop: Shop) -> None:
    state = {"State": {"Running": True}, "HostConfig": {"RestartPolicy": {"Name": "always"}}}
    shop.cli.on("container inspect old_web", out=[state])
    shop.cli.on(COPY, out="1")
    shop.run({**REPORT, "unsafe": [UNSAFE]}, unsafe="window", retire=["old_web"])
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
    assert "migrations.ahead allow" in said


def test_no_copy_is_named_where_none_was_made_before_all_of_them(shop: Shop) -> None:
    shop.cli.on(LIST, out=json.dumps({"id": "2", "pending": ["shop.0004_y"]}))
    assert "BACKUP=ID STAY_STOPPED=yes" in shop.fails(
        {**REPORT, "ahead": ["shop.0003_x", "shop.0004_y"]}
    )


def test_it_may_be_allowed(shop: Shop) -> None:
    said = shop.run({**REPORT, "pending": [], "ahead": ["shop.0003_x"]}, ahead="allow")
    assert "(migrations.ahead is allow):\n  shop.0003_x" in said


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
