"""Restoring a copy: in which order, what is kept, and what is started again."""

import json
import re
from functools import partial
from typing import Any

import pytest

from components.data import restore
from components.migrations import window
from components.migrations.window_note import Note
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.fake_notes import FakeNotes

COPY: dict[str, Any] = {
    "id": "20260102T030405Z-old01234",
    "file": "20260102T030405Z-old01234.sqlite3",
    "volume": "shop-backups",
    "engine": "sqlite",
    "release": "old0123456789",
    "made": "2026-01-02T03:04:05+00:00",
    "bytes": 2_500_000,
    "seconds": 0.1,
    "tools": "",
    "alias": "default",
    "pending": ["shop.0002_x"],
    "serving": ["stopped-then"],
}
BACKEND: dict[str, Any] = {
    "Name": "/serving",
    "Image": "sha256:app",
    "Config": {
        "Env": ["DATABASE_URL=sqlite:////srv/data/db.sqlite3", "A=1"],
        "Labels": {"django-on-docker.release": "new0123456789"},
        "StopTimeout": 12,
    },
    "HostConfig": {"ReadonlyRootfs": True, "PidsLimit": 600},
    "NetworkSettings": {"Networks": {"shop": {}, "shop-traffic": {}}},
}
LIST = "run --rm --user 0 --network none --mount type=volume,source=shop-backups"
RUN = "run --rm --init --name shop-backup"


@pytest.fixture
def host(cli: FakeDocker) -> FakeDocker:
    """A host on which one backend serves, and there is one copy."""
    cli.runs("serving")
    cli.on("container inspect serving", out=[BACKEND])
    cli.on(LIST, out=json.dumps(COPY))
    return cli


def run(command: Command, *words: str) -> str:
    return command.says(restore.main, words=["shop", *words])


def fails(command: Command, *words: str) -> str:
    return command.fails(restore.main, words=["shop", *words])


def order(cli: FakeDocker) -> list[str]:
    """What was done, in words."""
    shown = []
    for call in cli.calls:
        first = call.split()[0]
        if call.startswith(RUN):
            shown.append("restore" if " restore " in call else "copy")
        elif first in ("update", "stop", "start"):
            shown.append(call)
    return shown


def test_without_an_id_the_copies_are_listed(host: FakeDocker, command: Command) -> None:
    run(command)
    said = command.out.splitlines()
    assert said[0].split() == ["backup", "made", "engine", "release", "MB", "before"]
    assert said[1].startswith("20260102T030405Z-old01234  2026-01-02 03:04:05  sqlite")
    assert said[1].endswith("2.5  shop.0002_x")
    assert order(host) == []


def test_the_present_database_is_kept_and_what_served_serves_again(
    host: FakeDocker, command: Command
) -> None:
    host.on(RUN, out="4096")
    host.has("serving")
    said = run(command, COPY["id"])
    assert order(host) == [
        "update --restart=no serving",
        "stop --time 12 serving",
        *("copy", "copy"),
        "restore",
        "update --restart=always serving",
        "start serving",
    ]
    restored = next(call for call in host.calls if " restore " in call)
    assert "--volumes-from serving" in restored
    assert restored.endswith(f"restore /srv/backups/{COPY['file']} /srv/data/db.sqlite3")
    finish = next(call for call in host.calls if call.startswith(RUN) and " finish " in call)
    assert finish.endswith(" 0"), "the one that is put back must not be removed meanwhile"
    assert "serving serves again" in said


def test_commands_by_hand_have_the_database_open(host: FakeDocker, command: Command) -> None:
    host.runs("shop-one-off-1a2b3c", role="one-off")
    said = fails(command, COPY["id"])
    assert "at work on the database, in shop-one-off-1a2b3c" in said
    assert "`docker stop shop-one-off-1a2b3c`; nothing was changed" in said
    assert order(host) == []


def test_a_copy_goes_where_it_came_from(cli: FakeDocker, command: Command) -> None:
    copy = {**COPY, "alias": "stock", "source": "/srv/data/stock.sqlite3"}
    cli.on(LIST, out=json.dumps(copy)).on(RUN, out="4096")
    cli.runs("serving")
    cli.has("serving")
    cli.on("container inspect serving", out=[BACKEND])
    run(command, COPY["id"])
    restored = next(call for call in cli.calls if " restore " in call)
    assert restored.endswith(f"restore /srv/backups/{COPY['file']} /srv/data/stock.sqlite3")


@pytest.mark.parametrize("said", ["Cannot connect to the Docker daemon", "permission denied"])
def test_a_daemon_that_does_not_answer_is_no_deployment_without_copies(
    cli: FakeDocker, command: Command, said: str
) -> None:
    cli.on("volume inspect shop-backups", code=1, err=said)
    assert f"the Docker daemon does not answer: {said}" in fails(command)


def test_until_visitors_reach_something_again_that_is_noted(
    host: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch, noted: FakeNotes
) -> None:
    host.on(RUN, out="4096")
    monkeypatch.setattr(window, "start", lambda *_: "no healthy answer within 90 s")
    fails(command, COPY["id"])
    assert noted.window, "the next `pulumi up` switches traffic"
    monkeypatch.setattr(window, "start", lambda *_: "")
    run(command, COPY["id"])
    assert noted.window is None


def test_what_a_window_stopped_comes_back_with_the_copy(
    cli: FakeDocker, command: Command, noted: FakeNotes
) -> None:
    # A new backend of the update that was killed runs, but visitors never reached it.
    Note(deployment="shop", stopped={"before": "always"}, unsafe=("shop.0002_x",)).write("shop:new")
    cli.runs("new")
    for name, networks in (("new", ("shop",)), ("before", ("shop", "shop-traffic"))):
        settings = {"NetworkSettings": {"Networks": dict.fromkeys(networks)}}
        cli.on(f"container inspect {name}", out=[{**BACKEND, "Name": f"/{name}", **settings}])
    cli.on(LIST, out=json.dumps(COPY))
    cli.on(RUN, out="4096")
    run(command, COPY["id"])
    assert "stop --time 12 new" in cli.calls
    assert order(cli)[-1] == "start before"
    assert noted.window is None


def test_a_damaged_database_is_kept_as_it_is_and_the_copy_put_in_its_place(
    host: FakeDocker, command: Command
) -> None:
    host.on(RUN, code=1, err="database disk image is malformed").on(RUN, out="1").on(RUN, out="1")
    host.has("serving")
    said = run(command, COPY["id"])
    assert "database disk image is malformed" in said
    assert re.search(r"kept as they are, as \S+\.damaged in volume shop-backups", said)
    assert "serving serves again" in said
    words = [call.split()[-3] for call in host.calls if call.startswith(RUN)]
    assert words == ["copy", "set_aside", "restore"]


def test_what_cannot_be_kept_is_not_replaced(host: FakeDocker, command: Command) -> None:
    host.on(RUN, code=1, err="no space left on device")
    host.has("serving")
    assert "can't be kept: no space left on device; nothing was put back" in fails(
        command, COPY["id"]
    )
    assert order(host)[-1] == "start serving"


@pytest.mark.parametrize(("there", "used"), [(0, "sha256:newest"), (1, "sha256:old")])
def test_an_old_copy_is_put_back_with_tools_of_today(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch, there: int, used: str
) -> None:
    external = {**BACKEND, "Config": {**BACKEND["Config"], "Env": ["A=1"]}}
    cli.runs("serving")
    cli.on("container inspect serving", out=[external])
    old = {**COPY, "engine": "postgresql", "tools": "sha256:old", "serving": []}
    new = {**old, "id": "20270102T030405Z-new01234", "tools": "sha256:newest"}
    cli.on("image inspect sha256:newest", code=there)
    cli.on(RUN, out="1")
    monkeypatch.setattr(window, "start", lambda *_: "")
    restore.restore("shop", old, [new, old], external, stay_stopped=False)
    (restored,) = [call for call in cli.calls if "pg_restore --no-owner" in call]
    assert f"--entrypoint sh {used} -c" in restored


def test_it_may_stay_stopped(host: FakeDocker, command: Command) -> None:
    host.on(RUN, out="4096")
    said = run(command, COPY["id"], "--stay-stopped")
    assert order(host)[-1] == "restore"
    assert "deploy the release that belongs to it" in said


def test_after_a_failed_window_what_served_before_is_started(
    cli: FakeDocker, command: Command
) -> None:
    # Newest first, as docker lists them.
    cli.has("failed", "stopped-then")
    cli.on("container inspect failed", out=[BACKEND])
    cli.on("container inspect stopped-then", out=[BACKEND])
    cli.on(LIST, out=json.dumps(COPY))
    cli.on(RUN, out="4096")
    run(command, COPY["id"])
    assert order(cli)[-1] == "start stopped-then"


def test_what_cannot_be_put_back_leaves_everything_as_it_was(
    host: FakeDocker, command: Command
) -> None:
    host.on(RUN, out="1").on(RUN, out="").on(RUN, code=1, err="it is damaged")
    said = fails(command, COPY["id"])
    assert order(host)[-1] == "start serving"
    assert "was not put back, the database is as it was: it is damaged" in said


def test_in_a_window_what_was_stopped_is_not_started_when_it_is_broken_off(
    cli: FakeDocker, command: Command
) -> None:
    cli.has("stopped-then")
    cli.on("container inspect stopped-then", out=[BACKEND])
    cli.on(LIST, out=json.dumps(COPY))
    cli.on(RUN, code=1, err="interrupted")
    said = fails(command, COPY["id"])
    assert not [call for call in cli.calls if call.startswith("start")]
    assert "nothing was serving" in said


@pytest.mark.parametrize(
    ("id_", "says"),
    [("20990101T000000Z-none", "there is no backup '20990101T000000Z-none'")],
)
def test_an_unknown_copy_is_an_error_that_lists_them(
    host: FakeDocker, command: Command, id_: str, says: str
) -> None:
    said = fails(command, id_)
    assert says in said
    assert COPY["id"] in said
    assert order(host) == []


def test_a_copy_of_another_engine_is_not_put_back(cli: FakeDocker, command: Command) -> None:
    chosen = {**COPY, "engine": "postgresql", "serving": []}
    kept = partial(restore.restore, stay_stopped=False)
    said = command.fails(kept, "shop", chosen, [], BACKEND)
    assert "but this one is on sqlite: nothing was changed" in said
    assert order(cli) == []


def test_a_deployment_without_copies_says_so(cli: FakeDocker, command: Command) -> None:
    cli.gone("none-backups", "volume")
    said = command.fails(restore.main, words=["none"])
    assert "there is no volume none-backups" in said
