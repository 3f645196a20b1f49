"""The load: what is due when, what becomes of it, and that nothing is ever sent twice."""

import asyncio
import random
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import islice, pairwise
from pathlib import Path

import pytest

from bench.load import MARKS, Client, Notes, verdict
from bench.outcome import Note, read_notes
from bench.request_mix import QUIET, SINGLE, SPARE, Mix, Request, requests

READS = Mix(rate=200, slow_rate=0, pages=0, writes=0, singles=0, idle=0)
Handler = Callable[[str, Reader, Writer], Awaitable[bool]]


class Server:
    """Answers each request as a test wants it, and counts connections and requests.

    A handler gets the request's path and body's key, and tells whether the connection goes on.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.connections = 0
        self.seen: list[str] = []

    async def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                length = int(text.partition("Content-Length: ")[2].partition("\r\n")[0] or 0)
                body = (await reader.readexactly(length)).decode()
                self.seen.append(body or text.partition("\r\n")[0])
                if not await self._handler(body.removeprefix("key="), reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        writer.close()


def answer(writer: Writer, body: str, status: int = 200, release: str = "7") -> None:
    head = f"HTTP/1.1 {status} X\r\nX-Release: {release}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())


async def well(key: str, reader: Reader, writer: Writer) -> bool:
    answer(writer, key or "Skarn Tooth")
    return True


def load(
    tmp_path: Path, handler: Handler, mix: Mix = READS, most: int = 40
) -> tuple[list[Note], Server]:
    """Put a load on a server of this process; returns what became of it."""
    server = Server(handler)
    path = tmp_path / "notes"

    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        notes = Notes(path)
        port = listening.sockets[0].getsockname()[1]
        await Client(port, notes).run(mix, 1, most, 60.0)
        notes.close()
        listening.close()

    asyncio.run(run())
    return read_notes(path), server


def errors(notes: list[Note]) -> set[str]:
    return {note.error for note in notes}


def test_good_answers_fail_nothing_and_keep_their_connections(tmp_path: Path) -> None:
    notes, server = load(tmp_path, well)
    assert len(notes) == 40
    assert errors(notes) == {""}
    assert {note.release for note in notes} == {"7"}
    assert server.connections < 10


def test_single_requests_have_connections_of_their_own(tmp_path: Path) -> None:
    mix = Mix(rate=200, slow_rate=0, pages=0, writes=0.5, singles=1, idle=0)
    notes, server = load(tmp_path, well, mix)
    assert server.connections == 40
    written = {note.key for note in notes if note.kind == "write"}
    assert {f"key={key}" for key in written} == {s for s in server.seen if s.startswith("key=")}
    assert errors(notes) == {""}


def test_a_broken_connection_is_a_failure_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async def hang_up(key: str, reader: Reader, writer: Writer) -> bool:
        return False

    mix = Mix(rate=200, slow_rate=0, pages=0, writes=1, singles=0.5, idle=0)
    notes, server = load(tmp_path, hang_up, mix)
    assert errors(notes) == {"closed without an answer"}
    assert len(server.seen) == len(set(server.seen)) == 40


def test_a_connection_that_was_closed_while_nothing_was_sent_is_no_failure(tmp_path: Path) -> None:
    async def close_afterwards(key: str, reader: Reader, writer: Writer) -> bool:
        answer(writer, "Skarn Tooth")  # without saying that it is the last one
        return False

    mix = Mix(rate=20, slow_rate=0, pages=0, writes=0, singles=0, idle=0)
    notes, server = load(tmp_path, close_afterwards, mix, most=6)
    assert errors(notes) == {""}
    assert server.connections == 6


def test_an_answer_that_is_cut_off_is_a_failure(tmp_path: Path) -> None:
    async def cut(key: str, reader: Reader, writer: Writer) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Release: 7\r\nContent-Length: 100\r\n\r\nSkarn")
        return False

    assert errors(load(tmp_path, cut)[0]) == {"cut off"}


def test_nobody_there_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    notes = Notes(path)
    asyncio.run(Client(1, notes).run(READS, 1, 3, 60.0))
    notes.close()
    assert errors(read_notes(path)) == {"refused"}


def test_a_slow_site_does_not_get_fewer_requests_and_waiting_counts_from_when_it_was_due(
    tmp_path: Path,
) -> None:
    async def slowly(key: str, reader: Reader, writer: Writer) -> bool:
        await asyncio.sleep(4.0)
        answer(writer, "Skarn Tooth")
        return True

    notes, server = load(tmp_path, slowly)
    assert max(note.sent - note.due for note in notes) < 4.0
    assert min(note.ended - note.due for note in notes) >= 4.0
    assert notes[-1].due - notes[0].due == pytest.approx(39 / 200, abs=0.01)
    assert server.connections == 40


def test_a_request_that_could_not_be_noted_ends_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(MARKS, "read")
    with pytest.raises(ExceptionGroup):
        load(tmp_path, well)


def test_a_request_waits_for_a_free_connection_and_its_answer_no_longer_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.load.MOST_CONNECTIONS", 3)
    monkeypatch.setattr("bench.load.PATIENCE", 1.0)

    async def never(key: str, reader: Reader, writer: Writer) -> bool:
        await asyncio.sleep(5)
        return False

    notes, _ = load(tmp_path, never, most=30)
    assert errors(notes) == {"no answer within 1 s"}
    assert len(notes) == 30
    assert max(note.ended - note.due for note in notes) < 3  # not one after the other


@pytest.mark.parametrize(
    ("kind", "status", "release", "body", "wrong"),
    [
        ("read", 200, "7", b"a Skarn Tooth", ""),
        ("write", 200, "7", b"1-5", ""),
        ("slow write", 200, "7", b"1-6", "other content"),
        ("page", 200, "7", b"<html>", "other content"),
        ("read", 200, "", b"Skarn Tooth", "from no release"),
        ("read", 503, "", b"", "status 503"),
        ("write", 302, "7", b"1-5", "status 302"),
    ],
)
def test_verdicts(kind: str, status: int, release: str, body: bytes, wrong: str) -> None:
    assert verdict(kind, "1-5", status, release, body) == wrong


def some(mix: Mix, number: int) -> list[Request]:
    return list(islice(requests(mix, random.Random(1)), number))


def test_the_mix_is_as_asked_for() -> None:
    found = some(Mix(rate=100, slow_rate=0.5), 5000)
    seconds = found[-1].at
    kinds = Counter(request.kind for request in found)
    assert len(found) / seconds == pytest.approx(Mix(rate=100, slow_rate=0.5).rate_in_all, rel=0.02)
    assert kinds["write"] / 5000 == pytest.approx(0.25, abs=0.03)
    assert kinds["page"] / 5000 == pytest.approx(0.05, abs=0.02)
    assert kinds["slow read"] + kinds["slow write"] == pytest.approx(seconds / 2, abs=1)
    assert abs(kinds["slow read"] - kinds["slow write"]) <= 1
    singles = sum(request.connection == SINGLE for request in found) / 5000
    assert singles == pytest.approx(0.25, abs=0.03)
    assert [request.at for request in found] == sorted(request.at for request in found)


def test_the_same_seed_makes_the_same_requests() -> None:
    assert some(Mix(), 500) == some(Mix(), 500)


def test_idle_visitors_are_silent_between_their_requests() -> None:
    found = some(Mix(rate=1, slow_rate=0, idle=5), 300)
    for number in range(5):
        times = [request.at for request in found if request.connection == f"idle {number}"]
        gaps = [later - at for at, later in pairwise(times)]
        assert all(QUIET[0] <= gap <= QUIET[1] for gap in gaps)
        assert len(gaps) > 5
    assert {request.connection for request in found} >= {SINGLE, SPARE}
