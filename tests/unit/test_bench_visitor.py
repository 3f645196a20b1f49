"""Visitors, and commands whose time is taken."""

import http.server
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from bench import visitor
from bench.process import BenchError, followed, timed
from bench.visitor import Load, Visits, free_port, status, wait_for_200


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers 200 to `/`, 404 to anything else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_statuses(server: str) -> None:
    assert status(server) == 200
    assert status(server, "/nowhere") == 404
    assert status(f"http://127.0.0.1:{free_port()}") == 0


def test_other_machines_are_not_visited() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        status("http://example.com:80")


def test_waiting_ends_with_the_first_page(server: str) -> None:
    assert wait_for_200(server) < 5


def test_waiting_has_an_end() -> None:
    with pytest.raises(BenchError, match="last status was 0"):
        wait_for_200(f"http://127.0.0.1:{free_port()}", limit=0.1)


def test_visits_tell_good_answers_from_others() -> None:
    visits = Visits()
    for code in (200, 302, 404, 502, 0):
        visits.add(code)
    assert (visits.requests, visits.failed) == (5, 3)
    assert visits.statuses[502] == 1


def test_a_load_goes_on_for_as_long_as_the_block() -> None:
    began = time.monotonic()
    with Load("", visit=lambda url: 200, rate=200) as load:
        time.sleep(0.2)
    sent = load.visits.requests
    assert 5 <= sent <= 20 + 200 * (time.monotonic() - began)
    time.sleep(0.05)
    assert load.visits.requests == sent
    assert load.visits.failed == 0


def test_slow_answers_do_not_hold_up_the_next() -> None:
    def slow(url: str) -> int:
        time.sleep(0.1)
        return 200

    with Load("", visit=slow, rate=40) as load:
        time.sleep(1)
    assert load.visits.requests >= 10
    assert 0.1 <= load.visits.slowest < 5


def test_a_load_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "MOST_REQUESTS", 3)
    with Load("", visit=lambda url: 502, rate=1000) as load:
        time.sleep(0.5)
    assert load.visits.requests == 3
    assert load.visits.failed == 3


def test_the_longest_gap_is_between_good_answers() -> None:
    answers = iter([200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200])
    with Load("", visit=lambda url: next(answers, 200), rate=50) as load:
        time.sleep(0.5)
    assert load.visits.gap >= 0.15


def test_a_command_is_timed() -> None:
    run = timed([sys.executable, "-c", "import sys; print(1); print(2, file=sys.stderr)"])
    assert sorted(run.output.split()) == ["1", "2"]
    assert 0 < run.seconds < 30


def test_a_failure_shows_the_last_lines() -> None:
    with pytest.raises(BenchError, match=r"exit code 3\)") as error:
        timed([sys.executable, "-c", "print('\\n'.join(map(str, range(99)))); raise SystemExit(3)"])
    assert "98" in str(error.value)
    assert " 70" not in str(error.value)


def test_a_command_that_takes_too_long_or_is_not_there() -> None:
    with pytest.raises(BenchError, match="did not end within"):
        timed([sys.executable, "-c", "import time; time.sleep(9)"], limit=0.2)
    with pytest.raises(BenchError, match="cannot be run"):
        timed(["/no/such/program"])


def test_a_command_is_followed_line_by_line_and_may_fail() -> None:
    script = "echo first; sleep 0.3; echo second >&2; exit 3"
    run = followed(["sh", "-c", script])
    assert run.code == 3
    (at, first), (later, second) = run.lines
    assert (first, second) == ("first", "second")
    assert later - at >= 0.25
    assert run.last_lines == "first\nsecond"


def test_a_command_that_is_followed_has_an_end() -> None:
    assert followed(["sleep", "30"], limit=0.2).code != 0
    with pytest.raises(BenchError, match="cannot be run"):
        followed(["/no/such/command"])
