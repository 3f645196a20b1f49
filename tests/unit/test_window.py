"""The window in which nothing serves, and what a failed release leaves behind."""

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from components.commands import aftermath, window
from tests.unit.fake_docker import FakeDocker

LISTED = (
    "ps --format '{{{{.Names}}}}' --filter label=django-on-docker.deployment=shop "
    "--filter label=django-on-docker.role={role}"
)
EVERY = LISTED.replace("ps ", "ps --all ")
CONFIG = "frontend public\nbackend application\n  server slot1 127.0.0.1:8000 disabled\n"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The file of the check's outcome; a window's file is beside it."""
    return tmp_path / "migrations.json"


@pytest.fixture
def edge(cli: FakeDocker) -> FakeDocker:
    """A docker on which an edge runs that has a maintenance page."""
    return cli.on(LISTED.format(role="edge"), out="shop-edge\n")


def opened(migrations: Path) -> None:
    noted = {
        "deployment": "shop",
        "since": "2026-01-02T03:04:05+00:00",
        "stopped": [{"name": "old", "restart": "unless-stopped"}],
    }
    migrations.with_name(window.NAME).write_text(json.dumps(noted))


def test_visitors_see_the_page_before_anything_is_stopped(
    edge: FakeDocker, migrations: Path
) -> None:
    edge.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window.NAME), "shop", ["old"], 35)
    said = [call for call in edge.calls if "control.py maintenance" in call or "stop" in call]
    assert said == [
        "exec shop-edge python3 /usr/local/lib/edge/control.py maintenance",
        "stop --time 35 old",
    ]
    assert window.is_open(str(migrations))


def test_an_edge_without_the_page_is_left_alone(edge: FakeDocker, migrations: Path) -> None:
    edge.on("exec shop-edge test -f", code=1)
    edge.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window.NAME), "shop", ["old"], 35)
    assert not [call for call in edge.calls if "maintenance" in call]
    assert "stop --time 35 old" in edge.calls


def test_without_an_edge_what_serves_is_just_stopped(cli: FakeDocker, migrations: Path) -> None:
    cli.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window.NAME), "shop", ["old"], 35)
    assert not [call for call in cli.calls if call.startswith("exec")]
    assert "stop --time 35 old" in cli.calls


def test_the_switch_of_traffic_ends_it_and_says_how_long_it_was(
    cli: FakeDocker, migrations: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(migrations)
    window.done(str(migrations))
    assert "s in which nothing served" in capsys.readouterr().err
    assert not window.is_open(str(migrations))
    window.done(str(migrations))
    window.done("")
    assert cli.calls == []


def test_what_was_stopped_serves_again(edge: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    edge.on("container inspect old", out=[{}])
    edge.on(EVERY.format(role="backend"), out="old\n")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    assert window.undo(str(migrations)) == "What was stopped serves again: old."
    kinds = [call for call in edge.calls if call.split()[0] in ("update", "start", "exec")]
    assert kinds[0] == "update --restart=unless-stopped old"
    assert kinds[1] == "start old"
    assert kinds[2] == "exec old python -m deploy_runtime.probe", "visitors come once it answers"
    assert kinds[-1] == "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply"
    servers = "frontend public\nbackend application\n  server old old:8000\n"
    assert edge.stdin[-1] == servers.encode()
    assert not window.is_open(str(migrations))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("start old", "no space left"),
        ("exec -i shop-edge python3", "no space left"),
    ],
)
def test_what_does_not_serve_again_is_said(
    edge: FakeDocker, migrations: Path, words: str, says: str
) -> None:
    opened(migrations)
    edge.on("container inspect old", out=[{}])
    if words != "start old":
        edge.on(EVERY.format(role="backend"), out="old\n")
    else:
        edge.on(LISTED.format(role="edge"))
        window.running("shop", "edge")
    edge.on(words, code=1, err=says)
    assert says in window.undo(str(migrations))
    assert window.is_open(str(migrations)), "it is tried again"


def test_containers_that_are_gone_are_not_started(cli: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    cli.on("container inspect old", code=1)
    assert "none of its containers is there any more" in window.undo(str(migrations))
    assert not [call for call in cli.calls if call.startswith("start")]


CHECK: dict[str, Any] = {
    "stack": "live",
    "release": "new0123456789",
    "pending": ["shop.0002_x", "shop.0003_y"],
    "unsafe": [],
    "copied": True,
    "backup": {"id": "20260102T030405Z-old01234"},
}


def ledger(*migrations: str, release: str = "new0123456789") -> bytes:
    record = {
        "id": "1",
        "operation": "migrate",
        "point": "startup",
        "start": "2026",
        "release": release,
        "result": {"migrations": list(migrations)},
    }
    content = json.dumps(record).encode()
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("ledger.jsonl")
        entry.size = len(content)
        archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


LEDGER = "cp new:/srv/ledger/ledger.jsonl -"


def left(migrations: Path, **changes: Any) -> str:
    migrations.write_text(json.dumps({**CHECK, **changes}))
    return aftermath.of_container("new", str(migrations))


def test_where_nothing_was_pending_the_ledger_is_not_read(
    cli: FakeDocker, migrations: Path
) -> None:
    assert left(migrations, pending=[]) == "What was serving goes on serving."
    assert aftermath.of_container("new", "") == "What was serving goes on serving."
    assert cli.calls == []


def test_what_was_committed_is_named_with_the_way_back(cli: FakeDocker, migrations: Path) -> None:
    cli.on(LEDGER, out=ledger("shop.0002_x"))
    said = left(migrations)
    assert said.startswith("What was serving goes on serving.\n")
    assert "Migrations that this release has committed: shop.0002_x." in said
    assert "backup 20260102T030405Z-old01234" in said
    assert "`make restore STACK=live BACKUP=20260102T030405Z-old01234`" in said


@pytest.mark.parametrize(
    "content", [ledger("shop.0001_initial"), ledger("shop.0002_x", release="another"), ledger()]
)
def test_what_others_committed_is_not(cli: FakeDocker, migrations: Path, content: bytes) -> None:
    cli.on(LEDGER, out=content)
    assert left(migrations) == "What was serving goes on serving."


def test_without_a_copy_that_is_said(cli: FakeDocker, migrations: Path) -> None:
    cli.on(LEDGER, out=ledger("shop.0002_x"))
    # A copy of an earlier update is no way back from this one.
    assert "No copy of the database was made" in left(migrations, copied=False)


def test_a_window_is_closed_where_the_old_version_can_live_with_it(
    cli: FakeDocker, migrations: Path
) -> None:
    opened(migrations)
    cli.on(LEDGER, out=ledger("shop.0002_x"))
    cli.on("container inspect old", out=[{}])
    said = left(migrations, unsafe=[{"migration": "shop.0003_y"}])
    assert said.startswith("What was stopped serves again: old.")
    assert "has committed: shop.0002_x." in said


def test_it_stays_open_where_it_cannot(cli: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    cli.on(LEDGER, out=ledger("shop.0002_x"))
    said = left(migrations, unsafe=[{"migration": "shop.0002_x"}])
    assert "Nothing serves: what was stopped can't live with shop.0002_x" in said
    assert "`make restore STACK=live" in said
    # Nor after another attempt, which has nothing to commit any more.
    assert "can't live with shop.0002_x" in left(migrations, pending=[], unsafe=[])
    assert not [call for call in cli.calls if call.startswith("start")]
    assert window.is_open(str(migrations))


def test_a_jobs_ledger_is_read_through_a_container_that_never_starts(
    cli: FakeDocker, migrations: Path
) -> None:
    migrations.write_text(json.dumps(CHECK))
    mount = "type=volume,source=shop-ledger,target=/srv/ledger"
    job = {"migrations": str(migrations), "image": "shop:new", "mount": [mount]}
    cli.on(f"create --network none --mount {mount} shop:new true", out="made\n")
    cli.on("cp made:/srv/ledger/ledger.jsonl -", out=ledger("shop.0003_y"))
    assert "has committed: shop.0003_y." in aftermath.of_job(job)
    assert cli.calls[-1] == "rm --force made"


def test_by_hand_visitors_are_sent_to_what_runs(
    edge: FakeDocker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["window", "shop"])
    edge.on(LISTED.format(role="backend"), out="b2\nb1\n")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    apply = "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply"
    edge.on(apply, code=1, err="b1 is not up").on(apply)
    window.main()
    assert capsys.readouterr().out == "visitors of shop reach b1, b2\n"
    assert edge.calls.count(apply) == 2, "a name may not be known at once"
    assert (edge.stdin[-1] or b"").endswith(b"  server b1 b1:8000\n  server b2 b2:8000\n")


def test_where_nothing_runs_that_is_said(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["window", "shop"])
    with pytest.raises(SystemExit):
        window.main()
    assert "shop is not reached: no backend of it runs" in capsys.readouterr().err
