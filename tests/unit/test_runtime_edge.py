"""What tells HAProxy where requests go, against a pretended HAProxy."""

import io
import json
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.config.keys import all_keys
from deploy_runtime.edge import __main__ as command
from deploy_runtime.edge import haproxy, pages, processes, slots, slow_uploads, traffic
from tests.unit.fake_clock import FakeClock

IDS = {"one": "description one", "two": "description two"}
HEAD = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_check_state "
    "srv_fqdn\n"
)


def config(identity: str, *servers: str) -> str:
    lines = [f"  server {name} {name}:8000" for name in servers]
    head = ["global", f"  description {identity}", "  timeout http-keep-alive 20s", "backend x"]
    return "\n".join([*head, *lines, ""])


class FakeHAProxy:
    """A master with a worker that carries out orders; checks of `well` pass, once asked for.

    Attributes:
        slots: name, flags and state of checks by slot.
        log: the orders, in their order.
        old: the workers that a reload left behind.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.clock = file, FakeClock()
        self.slots: dict[str, dict[str, Any]] = {}
        self.identity = ""
        self.well = {"a", "b", "c"}
        self.known = {"a", "b", "c", "ill"}
        self.log: list[str] = []
        self.reloads = 0
        self.old: list[str] = []
        self.refused = ""

    def ask(self, order: str) -> str:
        match order.removeprefix("@1 ").split():
            case ["reload"]:
                self.reload()
            case ["show", "proc"]:
                old = "".join(f"{pid} worker 1\n" for pid in self.old)
                return f"1 master 0\n# workers\n{9 + self.reloads} worker 0\n# old workers\n{old}"
            case ["show", "info"]:
                return f"Pid: 9\ndescription: {self.identity}\n" if self.identity else "Pid: 9\n"
            case ["show", "stat", *_]:
                rows = [f"application,{slot},L7STS,Not Found" for slot in self.slots]
                return "\n".join(["# pxname,svname,check_status,last_chk", *rows])
            case ["show", "servers", *_]:
                return HEAD + "".join(self._row(name) for name in self.slots)
            case ["set", "server", server, what, value]:
                self.log.append(f"{server.partition('/')[2]} {what} {value}")
                self._set(self.slots[server.partition("/")[2]], what, value)
        return ""

    def reload(self) -> None:
        self.reloads += 1
        self.log.append("reload")
        text = self.file.read_text()
        self.identity = slots.identity(text)
        self.slots = {}
        for line in text.splitlines():
            words = line.split()
            if words[:1] == ["server"] and words[1].startswith("slot"):
                name, free = words[2].partition(":")[0], words[-1] == "disabled"
                self.slots[words[1]] = {
                    "name": "-" if free else name,
                    "flags": int(free),
                    "up": True,
                    "checked": words[-1] != "no-check",
                }

    def _row(self, slot: str) -> str:
        here = self.slots[slot]
        address = f"ip-{here['name']}" if here["name"] in self.known else "-"
        states = f"{2 * here['up']} {here['flags']} {6 * here['checked']}"
        return f"2 application 1 {slot} {address} {states} {here['name']}\n"

    def _set(self, slot: dict[str, Any], what: str, value: str) -> None:
        if what == "state":
            slot["flags"] = {"ready": 0, "drain": 8, "maint": 1}[value]
        elif what == "fqdn":
            slot["name"] = value
        else:
            slot["up"] = slot["name"] in self.well

    @property
    def serving(self) -> set[str]:
        return {here["name"] for here in self.slots.values() if not here["flags"]}

    @property
    def kept(self) -> set[str]:
        """What an edge that starts again would send requests to."""
        lines = [x.split() for x in self.file.read_text().splitlines() if "server slot" in x]
        return {x[2].partition(":")[0] for x in lines if x[-1] != "disabled"}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHAProxy:
    made = FakeHAProxy(tmp_path / "haproxy.cfg")
    made.file.write_text("global\n")
    checked = SimpleNamespace(
        run=lambda words, **_: SimpleNamespace(
            returncode=int(bool(made.refused)), stderr=f"[NOTICE] hello\n{made.refused}\n"
        )
    )
    monkeypatch.setattr(haproxy, "FOLDER", tmp_path)
    monkeypatch.setattr(haproxy, "FILE", made.file)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(haproxy, "_ask", made.ask)
    monkeypatch.setattr(
        haproxy, "resolve", lambda name: {f"ip-{name}"} & {f"ip-{k}" for k in made.known}
    )
    monkeypatch.setattr(haproxy, "subprocess", checked)
    monkeypatch.setattr(haproxy, "time", made.clock)
    monkeypatch.setattr(traffic, "time", made.clock)
    return made


def test_a_first_configuration_is_loaded_and_its_servers_are_let_in(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    assert (fake.identity, fake.serving, fake.kept) == ("one", {"a"}, {"a"})
    assert fake.log == [
        "reload",
        "slot1 state drain",
        "slot1 fqdn a",
        "slot1 health down",
        "slot1 state ready",
    ]
    assert len(fake.slots) == slots.SLOTS


def test_other_servers_need_no_reload_and_come_before_the_old_ones_go(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    fake.log.clear()
    traffic.apply(config("one", "b", "c"))
    assert (fake.serving, fake.kept) == ({"b", "c"}, {"b", "c"})
    assert "reload" not in fake.log
    assert fake.log[-3:] == ["slot2 state ready", "slot3 state ready", "slot1 state maint"]
    # Nothing that is still known of a slot counts: each is judged by a check of its own.
    traffic.apply(config("one", "a"))
    assert fake.log[-4:-2] == ["slot1 health down", "slot1 state ready"]


def test_what_goes_is_not_judged_by_how_what_comes_is_checked(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    traffic.apply(config("two", "b"))
    (old,) = [name for name, slot in fake.slots.items() if not slot["checked"]]
    assert fake.slots[old]["flags"] == 1
    assert "no-check" not in fake.file.read_text()
    # What comes next has to be checked, so it gets another slot.
    traffic.apply(config("two", "c"))
    assert fake.serving == {"c"}
    assert fake.slots[old]["name"] == "a"
    traffic.apply(config("one", "c"))
    assert all(slot["checked"] for slot in fake.slots.values()), "what stays is checked"


def test_what_serves_already_is_left_alone(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    fake.log.clear()
    traffic.apply(config("one", "a"))
    assert fake.log == []
    traffic.apply(config("two", "a"))
    assert fake.log == ["reload"]
    assert (fake.identity, fake.serving, fake.kept) == ("two", {"a"}, {"a"})


@pytest.mark.parametrize("identity", ["one", "two"])
def test_servers_that_never_get_up_leave_all_as_it_was(fake: FakeHAProxy, identity: str) -> None:
    traffic.apply(config("one", "a"))
    with pytest.raises(haproxy.EdgeError) as error:
        traffic.apply(config(identity, "b", "ill"))
    assert str(error.value) == "ill is not up within 30 s: its check fails (L7STS Not Found)"
    assert (fake.identity, fake.serving, fake.kept) == ("one", {"a"}, {"a"})


@pytest.mark.parametrize("identity", ["one", "two"])
def test_what_cannot_be_noted_does_not_serve(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    traffic.apply(config("one", "a"))
    put = haproxy.put

    def full(text: str) -> None:
        if "server slot2 b" in text or "server slot1 b" in text:
            monkeypatch.setattr(haproxy, "put", put)
            raise haproxy.EdgeError("haproxy.cfg can't be written: No space left on device")
        put(text)

    monkeypatch.setattr(haproxy, "put", full)
    with pytest.raises(haproxy.EdgeError, match="can't be written"):
        traffic.apply(config(identity, "b"))
    assert (fake.identity, fake.serving, fake.kept) == ("one", {"a"}, {"a"})


def test_a_file_that_cannot_be_written_is_an_error_of_the_edge(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haproxy, "FOLDER", fake.file.parent / "nowhere")
    with pytest.raises(haproxy.EdgeError, match="can't be written: No such file or directory"):
        haproxy.put("global\n")


def test_a_server_without_an_address_is_named(fake: FakeHAProxy) -> None:
    with pytest.raises(haproxy.EdgeError, match="nobody is not up within 30 s: it has no address"):
        traffic.apply(config("one", "nobody"))
    assert fake.serving == set()


def test_a_configuration_that_haproxy_refuses_changes_nothing(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    fake.log.clear()
    fake.refused = "[ALERT] line 3"
    with pytest.raises(haproxy.EdgeError) as error:
        traffic.apply(config("two", "b"))
    assert str(error.value) == "HAProxy refuses the configuration:\n[ALERT] line 3"
    assert (fake.log, fake.kept) == ([], {"a"})


def test_more_servers_than_slots_are_refused(fake: FakeHAProxy) -> None:
    names = [f"b{number}" for number in range(slots.SLOTS + 1)]
    with pytest.raises(haproxy.EdgeError, match="49 servers are new, but only 48 slots are free"):
        traffic.apply(config("one", *names))


def test_there_are_slots_for_as_many_replicas_as_there_can_be(fake: FakeHAProxy) -> None:
    most = 16
    assert all_keys()["processes.web.replicas"].metadata[-1].le == most
    names = [[f"{letter}{number}" for number in range(most)] for letter in "xyz"]
    fake.known |= {name for some in names for name in some}
    fake.well |= fake.known
    traffic.apply(config("one", *names[0]))
    traffic.apply(config("two", *names[1]))  # a reload, after which the former ones go unchecked
    traffic.apply(config("two", *names[2]))
    assert fake.serving == set(names[2])
    traffic.apply(config("two", *names[1]))
    assert fake.serving == set(names[1])


def test_maintenance_outlasts_a_restart_and_ends_with_the_next_apply(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    traffic.maintenance()
    assert (fake.serving, fake.kept) == (set(), set())
    assert traffic.show() == {"configuration": "one", "maintenance": True, "servers": []}
    fake.reload()
    assert fake.serving == set()
    traffic.apply(config("one", "a"))
    assert (fake.serving, fake.kept) == ({"a"}, {"a"})


def test_one_that_does_not_run_forgets_its_servers(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic.apply(config("one", "a"))
    monkeypatch.setattr(haproxy, "_ask", lambda _: pytest.fail("HAProxy does not run"))
    assert command.main(["forget"]) == 0
    fake.reload()
    assert fake.serving == set()


def test_an_update_that_was_cut_off_leaves_no_slot_behind(fake: FakeHAProxy) -> None:
    traffic.apply(config("one", "a"))
    fake.ask("@1 set server application/slot5 fqdn b")
    fake.ask("@1 set server application/slot5 state drain")
    traffic.apply(config("one", "b"))
    assert fake.serving == {"b"}
    assert [s["flags"] for s in fake.slots.values()].count(0) == 1
    assert not [s for s in fake.slots.values() if s["flags"] == 8]


def test_servers_stop_only_when_no_replaced_worker_can_send_them_requests(
    fake: FakeHAProxy,
) -> None:
    traffic.apply(config("one", "a"))
    fake.old = ["7"]
    started = fake.clock.now
    traffic.apply(config("one", "a"))
    assert fake.clock.now == started
    traffic.apply(config("one", "b"))
    # As long as an idle connection may be open, and no longer: a request may take its time.
    assert fake.clock.now - started == pytest.approx(21, abs=1)


def test_what_is_in_force_is_shown(
    fake: FakeHAProxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(config("one", "a", "b")))
    assert command.main(["apply"]) == 0
    assert command.main(["show"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "configuration": "one",
        "maintenance": False,
        "servers": [
            {"name": "a", "address": "ip-a", "state": "ready"},
            {"name": "b", "address": "ip-b", "state": "ready"},
        ],
    }
    assert command.main(["maintenance"]) == 0
    assert fake.serving == set()


def test_what_is_refused_is_said_in_a_line(
    fake: FakeHAProxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(config("one", "nobody")))
    assert command.main(["apply"]) == 1
    assert capsys.readouterr().err.startswith("nobody is not up within 30 s")
    assert command.main(["aply"]) == 2
    assert "apply|maintenance|forget|show|run" in capsys.readouterr().err


def test_an_edge_that_does_not_answer_is_an_error(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> str:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(haproxy, "_ask", refuse)
    with pytest.raises(haproxy.EdgeError, match="HAProxy does not answer: refused"):
        traffic.maintenance()


def test_a_command_is_sent_over_the_masters_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "s")
    monkeypatch.setattr(haproxy, "SOCKET", path)
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(path)
        master.listen()

        def answer() -> None:
            connection, _ = master.accept()
            with connection:
                connection.sendall(b"said: " + connection.recv(100))

        thread = threading.Thread(target=answer)
        thread.start()
        assert haproxy.ask("show proc") == "said: show proc\n"
        thread.join()


@pytest.mark.parametrize(
    ("flags", "up", "state"),
    [
        (0, True, "ready"),
        (4, True, "ready"),
        (0x40, True, "ready"),
        (0, False, "down"),
        (0x20, True, "down"),
        (8, True, "draining"),
        (1, True, "maintenance"),
        (0x25, False, "maintenance"),
    ],
)
def test_a_slots_state(flags: int, up: bool, state: str) -> None:
    slot = haproxy.Slot(name="slot1", server="a", address="1", flags=flags, up=up)
    assert slot.state == state


def test_a_server_keeps_the_slot_that_it_has() -> None:
    text = slots.with_slots(config("one", "a", "b"), {"slot7": "b:8000"})
    assert "  server slot7 b:8000\n" in text
    assert "server a" not in text
    assert text.count(" disabled\n") == slots.SLOTS - 1
    assert slots.without_servers(text).count(" disabled\n") == slots.SLOTS
    assert slots.identity(text) == "one"


def test_the_command_is_found_by_its_path_in_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "edge"
    package.mkdir()
    for file in Path("deploy_runtime/edge").glob("*.py"):
        (package / file.name).write_text(file.read_text())
    monkeypatch.setattr(sys, "argv", ["control.py", "nothing"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    (package / "haproxy.py").write_text(
        (package / "haproxy.py")
        .read_text()
        .replace('Path("/var/lib/edge")', f"Path({str(tmp_path)!r})")
    )
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(package / "control.py"), run_name="__main__")
    assert stopped.value.code == 2
    for name in [name for name in sys.modules if name.split(".")[0] == "edge"]:
        del sys.modules[name]


def test_each_page_is_whole_and_fits_haproxys_buffer(tmp_path: Path) -> None:
    pages.main(tmp_path)
    assert {f"{status}.http" for status in (408, 411, 413, 502, 503, 504)} <= {
        file.name for file in tmp_path.iterdir()
    }
    for status, (reason, heading, text) in pages.PAGES.items():
        head, _, body = (tmp_path / f"{status}.http").read_bytes().partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} {reason}\r\n".encode())
        assert f"Content-Length: {len(body)}" in head.decode().split("\r\n")
        assert heading in body.decode()
        assert text in body.decode()
        assert len(head) + len(body) < 16000
        assert ("Retry-After" in head.decode()) == (status in (429, 503))
        assert (tmp_path / f"{status}.html").read_bytes() == body


SESSIONS = """\
0x1a: proto=tcpv4 src=1.2.3.4:5 fe=public be=uploads srv=spool ts=00 age=29m59s calls=1
0x1b: proto=tcpv4 src=1.2.3.4:5 fe=public be=uploads srv=spool ts=00 age=31m calls=1
0x1c: proto=tcpv4 src=1.2.3.4:5 fe=public be=large-uploads srv=spool ts=00 age=1h calls=1
0x1d: proto=tcpv4 src=1.2.3.4:5 fe=public be=requests srv=spool ts=00 age=2d3h calls=1
"""
STATISTICS = """\
# pxname,svname,qcur,scur
public,FRONTEND,,9
requests,spool,0,2
requests,BACKEND,0,2
uploads,BACKEND,0,3
large-uploads,BACKEND,0,
application,BACKEND,0,7
"""


def test_a_body_that_is_on_its_way_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(order: str) -> str:
        asked.append(order)
        return SESSIONS

    monkeypatch.setattr(haproxy, "ask", ask)
    haproxy.end_uploads(1800)
    assert asked == ["@1 show sess", "@1 shutdown session 0x1b", "@1 shutdown session 0x1c"]


def test_what_is_on_its_way_through_the_spool_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haproxy, "ask", lambda _: STATISTICS)
    assert haproxy.in_flight() == 5


class Edge:
    """Two programs that are pretended: shell scripts in their place."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setattr(processes, "_SPOOL_SOCKET", folder / "spool.sock")
        monkeypatch.setattr(signal, "signal", self.note)
        monkeypatch.setattr(slow_uploads, "bound", lambda: None)
        self.handlers: dict[int, Callable[[int, Any], None]] = {}
        self.set = monkeypatch.setattr

    def note(self, number: int, handler: Callable[[int, Any], None]) -> None:
        self.handlers[number] = handler

    def run(self, nginx: str, proxy: str) -> int:
        self.set(processes, "_NGINX", ("sh", "-c", nginx))
        self.set(processes, "_HAPROXY", ("sh", "-c", proxy))
        return processes.run()


@pytest.fixture
def edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edge:
    return Edge(tmp_path, monkeypatch)


@pytest.mark.parametrize(("nginx", "proxy"), [("exit 0", "sleep 60"), ("sleep 60", "exit 0")])
def test_half_an_edge_is_none(edge: Edge, nginx: str, proxy: str) -> None:
    (edge.folder / "spool.sock").touch()
    assert edge.run(nginx, proxy) == 1
    assert not (edge.folder / "spool.sock").exists(), "nginx takes it for another's"


def test_an_edge_that_stops_lets_finish_what_is_on_its_way(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    left = iter([2, 1, 0])

    def look() -> int:
        seen.append("look")
        return next(left)

    monkeypatch.setattr(haproxy, "close", lambda frontend: seen.append(f"close {frontend}"))
    monkeypatch.setattr(haproxy, "in_flight", look)
    # Once both run, as Docker would.
    timer = threading.Timer(0.3, lambda: edge.handlers[signal.SIGUSR1](signal.SIGUSR1, None))
    timer.start()
    assert edge.run("sleep 60", "trap 'exit 0' USR1; sleep 60 & wait") == 0
    assert seen == ["close public", "look", "look", "look"]
