"""The window in which nothing serves."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from components.host import reached
from components.migrations import window, window_note
from tests.unit.fake_docker import FakeDocker

LISTED = (
    "ps --format '{{{{.Names}}}}' --filter label=django-on-docker.deployment=shop "
    "--filter label=django-on-docker.role={role}"
)
EVERY = LISTED.replace("ps ", "ps --all ")
CONFIG = "frontend public\nbackend application\n  server slot1 127.0.0.1:8000 disabled\n"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The file of the check's outcome; a window's file is beside it, in the deployment's folder."""
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop/migrations.json"


@pytest.fixture
def edge(cli: FakeDocker) -> FakeDocker:
    """A docker on which an edge runs that has a maintenance page."""
    return cli.on(LISTED.format(role="edge"), out="shop-edge\n")


def opened(migrations: Path, *unsafe: str) -> None:
    noted = {
        "deployment": "shop",
        "since": "2026-01-02T03:04:05+00:00",
        "stopped": [{"name": "old", "restart": "unless-stopped"}],
        "unsafe": unsafe,
    }
    migrations.with_name(window_note.NAME).write_text(json.dumps(noted))


def test_visitors_see_the_page_before_anything_is_stopped(
    edge: FakeDocker, migrations: Path
) -> None:
    edge.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["old"], 35, ["shop.0002_x"])
    said = [call for call in edge.calls if "control.py maintenance" in call or "stop" in call]
    assert said == [
        "exec shop-edge python3 /usr/local/lib/edge/control.py maintenance",
        "stop --time 35 old",
    ]
    assert window.is_open(str(migrations))


def test_an_edge_without_the_page_is_left_alone(edge: FakeDocker, migrations: Path) -> None:
    edge.on("exec shop-edge test -f", code=1)
    edge.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["old"], 35, ["shop.0002_x"])
    assert not [call for call in edge.calls if "maintenance" in call]
    assert "stop --time 35 old" in edge.calls


def test_without_an_edge_what_serves_is_just_stopped(cli: FakeDocker, migrations: Path) -> None:
    cli.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["old"], 35, ["shop.0002_x"])
    assert not [call for call in cli.calls if call.startswith("exec")]
    assert "stop --time 35 old" in cli.calls


def test_the_switch_of_traffic_ends_it_and_says_how_long_it_was(
    cli: FakeDocker, migrations: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(migrations)
    cli.on("container inspect old", out=[{"State": {"Running": False}}])
    window.done(str(migrations))
    assert "s in which nothing served" in capsys.readouterr().err
    assert not window.is_open(str(migrations))
    window.done(str(migrations))
    window.done("")
    assert cli.calls == ["container inspect old"], "it stays stopped"


def test_what_is_retired_after_a_window_has_its_own_policy_until_then(
    cli: FakeDocker, migrations: Path
) -> None:
    opened(migrations)
    cli.on("container inspect old", out=[{"State": {"Running": False}}])
    window.done(str(migrations), retire=["old", "other"])
    assert [call for call in cli.calls if call.startswith("update")] == [
        "update --restart=unless-stopped old"
    ]


def test_what_was_never_stopped_or_runs_again_is_restarted_as_before(
    cli: FakeDocker, migrations: Path
) -> None:
    opened(migrations)
    cli.on("container inspect old", out=[{"State": {"Running": True}}])
    window.done(str(migrations))
    assert cli.calls[-1] == "update --restart=unless-stopped old"


def test_what_was_stopped_serves_again(edge: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    edge.on("container inspect old", out=[{}])
    edge.on(EVERY.format(role="backend"), out="old\n")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    assert window.undo(str(migrations), ()) == "What was stopped serves again: old."
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
        reached.running("shop", "edge")
    edge.on(words, code=1, err=says)
    assert says in window.undo(str(migrations), ())
    assert window.is_open(str(migrations)), "it is tried again"


def test_containers_that_are_gone_are_not_started(cli: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    cli.gone("old")
    assert "none of its containers is there any more" in window.undo(str(migrations), ())
    assert not [call for call in cli.calls if call.startswith("start")]


def test_all_that_runs_is_stopped_and_what_serves_comes_back(
    edge: FakeDocker, migrations: Path
) -> None:
    # A backend of an update that failed has the database open, too.
    edge.on(LISTED.format(role="backend"), out="failed\nold\n")
    edge.on("container inspect old", out=[{}])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["old"], 35, [])
    assert "stop --time 35 old failed" in edge.calls
    assert window.stopped(str(migrations)) == ["old"]


def test_a_window_that_an_update_left_open_keeps_what_it_stopped(
    edge: FakeDocker, migrations: Path
) -> None:
    opened(migrations, "shop.0002_x")
    edge.on(LISTED.format(role="backend"), out="failed\n")
    window.begin(migrations.with_name(window_note.NAME), "shop", [], 35, ["shop.0003_y"])
    assert "stop --time 35 failed" in edge.calls
    noted = json.loads(migrations.with_name(window_note.NAME).read_text())
    assert noted["stopped"] == [{"name": "old", "restart": "unless-stopped"}]
    assert noted["unsafe"] == ["shop.0002_x", "shop.0003_y"]
    assert noted["since"] == "2026-01-02T03:04:05+00:00"


def test_what_is_noted_already_keeps_its_restart_policy(edge: FakeDocker, migrations: Path) -> None:
    opened(migrations)
    # Somebody started it again; the policy that it has now is the window's own.
    edge.on("container inspect old", out=[{"HostConfig": {"RestartPolicy": {"Name": "no"}}}])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["old"], 35, [])
    noted = json.loads(migrations.with_name(window_note.NAME).read_text())
    assert noted["stopped"] == [{"name": "old", "restart": "unless-stopped"}]


def test_a_window_that_was_closed_elsewhere_is_over(cli: FakeDocker, migrations: Path) -> None:
    opened(migrations, "shop.0002_x")
    cli.on(LISTED.format(role="backend"), out="new\n")
    networks: dict[str, Any] = {
        "NetworkSettings": {"Networks": {"shop-traffic": {}}},
        "HostConfig": {},
    }
    cli.on("container inspect new", out=[networks])
    window.begin(migrations.with_name(window_note.NAME), "shop", ["new"], 35, ["shop.0003_y"])
    noted = window_note.read(migrations.with_name(window_note.NAME))
    assert noted
    assert (list(noted.stopped), noted.unsafe) == (["new"], ("shop.0003_y",))
    opened(migrations, "shop.0002_x")
    window.forget(str(migrations))
    assert not window.is_open(str(migrations))


def test_one_whose_containers_are_reached_is_not(cli: FakeDocker, migrations: Path) -> None:
    # It was killed before it stopped anything.
    opened(migrations)
    cli.on(LISTED.format(role="backend"), out="old\n")
    networks: dict[str, Any] = {"NetworkSettings": {"Networks": {"shop-traffic": {}}}}
    cli.on("container inspect old", out=[networks])
    window.forget(str(migrations))
    assert window.is_open(str(migrations))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"deployment": "shop"}'])
def test_a_note_that_was_cut_off_is_one_of_a_window_all_the_same(
    edge: FakeDocker, migrations: Path, text: str
) -> None:
    file = migrations.with_name(window_note.NAME)
    file.write_text(text)
    assert window.stopped(str(migrations)) == []
    window.begin(file, "shop", [], 35, ["shop.0002_x"])
    assert window_note.read(file) == window_note.Note(
        deployment="shop",
        since=json_since(file),
        unsafe=("shop.0002_x",),
    )
    file.write_text(text)
    window.done(str(migrations))
    assert not window.is_open(str(migrations))


def json_since(file: Path) -> datetime:
    return datetime.fromisoformat(json.loads(file.read_text())["since"])


def test_by_hand_visitors_are_sent_to_what_runs(
    edge: FakeDocker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    note = tmp_path / ".build/shop/window.json"
    window_note.Note(deployment="shop", stopped={"b1": "always"}).write(note)
    edge.on("container inspect b1", out=[{"State": {"Running": True}}])
    monkeypatch.setattr("sys.argv", ["window", "shop"])
    edge.on(LISTED.format(role="backend"), out="b2\nb1\n")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    apply = "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply"
    edge.on(apply, code=1, err="b1 is not up").on(apply)
    window.main()
    assert capsys.readouterr().out == "visitors of shop reach b1, b2\n"
    assert edge.calls.count(apply) == 2, "a name may not be known at once"
    assert "update --restart=always b1" in edge.calls
    assert not note.exists(), "the window is over"
    said = edge.stdin[-1 - edge.calls[::-1].index(apply)] or b""
    assert said.endswith(b"  server b1 b1:8000\n  server b2 b2:8000\n")


def test_where_nothing_runs_that_is_said(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["window", "shop"])
    with pytest.raises(SystemExit):
        window.main()
    assert "shop is not reached: no backend of it runs" in capsys.readouterr().err
