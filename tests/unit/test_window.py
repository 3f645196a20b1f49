"""The window in which nothing serves."""

import pytest

from components.host import what_serves
from components.migrations import window, window_note
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.fake_notes import FakeNotes

CONFIG = "frontend public\nbackend application\n  server slot1 127.0.0.1:8000 disabled\n"


@pytest.fixture
def edge(cli: FakeDocker) -> FakeDocker:
    """A docker on which an edge runs that has a maintenance page."""
    return cli.runs("shop-edge", role="edge")


def begin(containers: list[str], unsafe: list[str]) -> None:
    window.begin("shop", containers, grace=35, unsafe=unsafe, image="shop:new")


def test_visitors_see_the_page_before_anything_is_stopped(
    edge: FakeDocker, noted: FakeNotes
) -> None:
    edge.on("container inspect old", out=[{}])
    begin(["old"], ["shop.0002_x"])
    said = [call for call in edge.calls if "control.py maintenance" in call or "stop" in call]
    assert said == [
        "exec shop-edge python3 /usr/local/lib/edge/control.py maintenance",
        "stop --time 35 old",
    ]
    assert window.is_open("shop")


def test_an_edge_without_the_page_is_left_alone(edge: FakeDocker, noted: FakeNotes) -> None:
    edge.on("exec shop-edge test -f", code=1)
    edge.on("container inspect old", out=[{}])
    begin(["old"], ["shop.0002_x"])
    assert not [call for call in edge.calls if "maintenance" in call]
    assert "stop --time 35 old" in edge.calls


def test_without_an_edge_what_serves_is_just_stopped(cli: FakeDocker, noted: FakeNotes) -> None:
    cli.on("container inspect old", out=[{}])
    begin(["old"], ["shop.0002_x"])
    assert not [call for call in cli.calls if call.startswith("exec")]
    assert "stop --time 35 old" in cli.calls


def test_the_switch_of_traffic_ends_it_and_says_how_long_it_was(
    cli: FakeDocker, command: Command, noted: FakeNotes
) -> None:
    noted.open_window()
    cli.on("container inspect old", out=[{"State": {"Running": False}}])
    assert "s in which nothing served" in command.says(window.end, "shop")
    assert not window.is_open("shop")
    window.end("shop")
    assert cli.calls == ["container inspect old"], "it stays stopped"


def test_what_is_retired_after_a_window_has_its_own_policy_until_then(
    cli: FakeDocker, noted: FakeNotes
) -> None:
    noted.open_window()
    cli.on("container inspect old", out=[{"State": {"Running": False}}])
    window.end("shop", retire=["old", "other"])
    assert [call for call in cli.calls if call.startswith("update")] == [
        "update --restart=unless-stopped old"
    ]


def test_what_was_never_stopped_or_runs_again_is_restarted_as_before(
    cli: FakeDocker, noted: FakeNotes
) -> None:
    noted.open_window()
    cli.on("container inspect old", out=[{"State": {"Running": True}}])
    window.end("shop")
    assert cli.calls[-1] == "update --restart=unless-stopped old"


def test_what_was_stopped_serves_again(edge: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window()
    edge.on("container inspect old", out=[{}])
    edge.has("old")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    assert window.undo("shop", ()) == "What was stopped serves again: old."
    kinds = [call for call in edge.calls if call.split()[0] in ("update", "start", "exec")]
    assert kinds[0] == "update --restart=unless-stopped old"
    assert kinds[1] == "start old"
    assert kinds[2] == "exec old python -m deploy_runtime.probe", "visitors come once it answers"
    assert kinds[-1] == "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply"
    servers = "frontend public\nbackend application\n  server old old:8000\n"
    assert edge.stdin[-1] == servers.encode()
    assert not window.is_open("shop")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("start old", "no space left"),
        ("exec -i shop-edge python3", "no space left"),
    ],
)
def test_what_does_not_serve_again_is_said(
    edge: FakeDocker, noted: FakeNotes, words: str, says: str
) -> None:
    noted.open_window()
    edge.on("container inspect old", out=[{}])
    if words != "start old":
        edge.has("old")
    else:
        edge.runs(role="edge")
        what_serves.running_containers("shop", "edge")
    edge.on(words, code=1, err=says)
    assert says in window.undo("shop", ())
    assert window.is_open("shop"), "it is tried again"


def test_containers_that_are_gone_are_not_started(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window()
    cli.gone("old")
    assert "none of its containers is there any more" in window.undo("shop", ())
    assert not [call for call in cli.calls if call.startswith("start")]


def test_all_that_runs_is_stopped_and_what_serves_comes_back(
    edge: FakeDocker, noted: FakeNotes
) -> None:
    # A backend of an update that failed has the database open, too.
    edge.runs("failed", "old")
    edge.on("container inspect old", out=[{}])
    begin(["old"], [])
    assert "stop --time 35 old failed" in edge.calls
    assert window.stopped_for_it("shop") == ["old"]


def test_a_window_that_an_update_left_open_keeps_what_it_stopped(
    edge: FakeDocker, noted: FakeNotes
) -> None:
    noted.open_window("shop.0002_x")
    edge.runs("failed")
    begin([], ["shop.0003_y"])
    assert "stop --time 35 failed" in edge.calls
    assert noted.window["stopped"] == {"old": "unless-stopped"}
    assert noted.window["unsafe"] == ("shop.0002_x", "shop.0003_y")
    assert noted.window["since"] == "2026-01-02T03:04:05+00:00"


def test_what_is_noted_already_keeps_its_restart_policy(edge: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window()
    # Somebody started it again; the policy that it has now is the window's own.
    edge.on("container inspect old", out=[{"HostConfig": {"RestartPolicy": {"Name": "no"}}}])
    begin(["old"], [])
    assert noted.window["stopped"] == {"old": "unless-stopped"}


def test_a_window_that_was_closed_elsewhere_is_over(cli: FakeDocker, noted: FakeNotes) -> None:
    noted.open_window("shop.0002_x")
    cli.runs("new")
    cli.on_networks(["shop-traffic"], "new")
    begin(["new"], ["shop.0003_y"])
    found = window_note.read("shop")
    assert found
    assert (list(found.stopped), found.unsafe) == (["new"], ("shop.0003_y",))
    noted.open_window("shop.0002_x")
    window.forget_if_over("shop")
    assert not window.is_open("shop")


def test_one_whose_containers_are_reached_is_not(cli: FakeDocker, noted: FakeNotes) -> None:
    # It was killed before it stopped anything.
    noted.open_window()
    cli.runs("old")
    cli.on_networks(["shop-traffic"], "old")
    window.forget_if_over("shop")
    assert window.is_open("shop")


@pytest.mark.parametrize("content", [{}, [], {"since": "now"}, {"since": None, "stopped": []}])
def test_a_note_that_cannot_be_read_is_one_of_a_window_all_the_same(
    edge: FakeDocker, noted: FakeNotes, content: object
) -> None:
    noted.window = content
    assert window.stopped_for_it("shop") == []
    begin([], ["shop.0002_x"])
    found = window_note.read("shop")
    assert found
    assert (found.stopped, found.unsafe) == ({}, ("shop.0002_x",))
    noted.window = content
    window.end("shop")
    assert not window.is_open("shop")


def test_by_hand_visitors_are_sent_to_what_runs(
    edge: FakeDocker, command: Command, noted: FakeNotes
) -> None:
    window_note.Note(deployment="shop", stopped={"b1": "always"}).write("shop:old")
    edge.on("container inspect b1", out=[{"State": {"Running": True}}])
    edge.runs("b2", "b1")
    edge.on("exec shop-edge cat /var/lib/edge/haproxy.cfg", out=CONFIG)
    apply = "exec -i shop-edge python3 /usr/local/lib/edge/control.py apply"
    edge.on(apply, code=1, err="b1 is not up").on(apply)
    command.says(window.main, words=["shop"])
    assert command.out == "visitors of shop reach b1, b2\n"
    assert edge.calls.count(apply) == 2, "a name may not be known at once"
    assert "update --restart=always b1" in edge.calls
    assert noted.window is None, "the window is over"
    said = edge.stdin[-1 - edge.calls[::-1].index(apply)] or b""
    assert said.endswith(b"  server b1 b1:8000\n  server b2 b2:8000\n")


def test_where_nothing_runs_that_is_said(cli: FakeDocker, command: Command) -> None:
    said = command.fails(window.main, words=["shop"])
    assert "shop is not reached: no backend of it runs" in said
