"""The comparison of edges: what its clients count as lost, and its table."""

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from bench import edges_load
from bench.edges import CONTENDERS, Result, report
from bench.edges_load import Habit, Load


class Server(http.server.BaseHTTPRequestHandler):
    """Answers twice on a connection and hangs up without a word; `/ill` gets 503."""

    protocol_version = "HTTP/1.1"
    served = 0

    def do_GET(self) -> None:
        self.served += 1
        if self.served > 2:
            self.close_connection = True
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(503 if self.path == "/ill" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the base's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("habit", "failures", "resent"),
    [
        (Habit(clients=1, pause=0.01, keeps=False), set(), False),
        # A browser asks again on another connection, unless something may have been carried out.
        (Habit(clients=1, pause=0.01, keeps=True), set(), True),
        (
            Habit(clients=1, pause=0.01, keeps=True, method="POST"),
            {"POST / RemoteDisconnected"},
            False,
        ),
        (Habit(clients=1, pause=0.01, keeps=False, path="/ill"), {"GET /ill 503"}, False),
    ],
)
def test_what_is_lost_and_what_is_sent_twice(
    port: int, monkeypatch: pytest.MonkeyPatch, habit: Habit, failures: set[str], resent: bool
) -> None:
    monkeypatch.setattr(edges_load, "HABITS", (habit,))
    with Load(port) as load:
        deadline = time.monotonic() + 10
        while load.requests < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert load.requests >= 8
    # A reset in place of the end of the connection is the same to a visitor.
    assert {
        f.replace("ConnectionResetError", "RemoteDisconnected") for f in load.failures
    } == failures
    assert bool(load.resent) == resent


def test_the_table_names_every_contender_and_what_failed() -> None:
    titles = [contender.title for contender in CONTENDERS]
    result = Result(
        requests=1000,
        failed=4,
        resent=2,
        p50=0.001,
        p99=0.02,
        longest=0.3,
        switch=1.5,
        reasons={"GET / 502": 4},
    )
    said = report(dict.fromkeys(titles, result))
    assert [line for line in said.splitlines() if line.split() == [*titles[0].split(), *_CELLS]]
    assert f"{titles[1]}: {{'GET / 502': 4}}" in said


_CELLS = ["1000", "4", "2", "1.0", "20.0", "300.0", "1.50"]
