"""`python -m bench.load`: a constant load on a local site, with a verdict on each request.

Requests are sent at times that are fixed beforehand, and a slow site does not get fewer of them
(an open loop). A latency counts from the time at which a request was due, not from the one at which
it could be sent, so that waiting in the client is not left out either.

Why not a tool that is made for this: wrk and hey send the next request when the last one was
answered, and neither they nor siege tell what became of each single one. Those written in Go (hey,
vegeta, k6) send a read again unasked when a kept connection turns out to be dead, as urllib3 does:
https://pkg.go.dev/net/http#Transport. That is the very failure looked for here. A few lines on bare
sockets repeat nothing, know what had been sent when a connection broke, and leave the CPU to what
is measured. It runs in a process of its own, beside the one that leads the updates.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from bench.connection import Connection, FailedError
from bench.request_mix import SLOW, SPARE, WRITES, Mix, Request, requests
from bench.visitor import LOCAL

PATIENCE = 30.0  # seconds for one answer, from when its request was due
MOST_REQUESTS = 1_000_000
MOST_SECONDS = 7200.0
# A request beyond them waits in here, which counts: more at once would try the patience of Docker's
# own proxy for published ports, which ends when its file descriptors do.
MOST_CONNECTIONS = 1000
MOST_SPARE = 64  # kept connections that wait for their next request
TOKEN = "load" * 8  # Django's check is that cookie and header agree
MARKS = {"page": b"Skarn Tooth", "read": b"Skarn Tooth", "slow read": b"Skarn Tooth"}
PATHS = {"page": "/", "read": "/-load/read", "write": "/-load/write"}
COLUMNS = ("due", "sent", "ended", "kind", "connection", "key", "status", "release", "error")


class Client:
    """Sends requests when they are due, and notes what became of each.

    Args:
        port: of the site, on this machine.
        notes: gets a line for each request that ended.
    """

    def __init__(self, port: int, notes: "Notes") -> None:
        self._port, self._notes = port, notes
        self._spare: dict[str, deque[Connection]] = {}
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)
        self.over = asyncio.Event()

    async def run(self, mix: Mix, seed: int, most: int, seconds: float) -> None:
        """Send until `over` is set, or there were `most` requests or `seconds` of them."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, request in enumerate(requests(mix, random.Random(seed))):
                due = start + request.at
                if number >= most or request.at > seconds or await self._wait_until(due):
                    break
                group.create_task(self._one(request, f"{seed:x}-{number}", due))

    async def _wait_until(self, due: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self.over.wait()
        return self.over.is_set()

    async def _one(self, request: Request, key: str, due: float) -> None:
        status, release, error, sent = 0, "", "", due
        try:
            async with asyncio.timeout_at(due + PATIENCE), self._free:
                sent = time.monotonic()
                status, release, body = await self._ask(request, key)
            error = verdict(request.kind, key, status, release, body)
        except FailedError as failure:
            error = str(failure)
        except TimeoutError:
            error = f"no answer within {PATIENCE:.0f} s"
        ended = time.monotonic()
        times = [f"{moment:.4f}" for moment in (due, sent, ended)]
        self._notes.add(
            [*times, request.kind, request.connection, key, str(status), release, error]
        )

    async def _ask(self, request: Request, key: str) -> tuple[int, str, bytes]:
        connection = self._kept(request) or await Connection.open(self._port)
        again = False
        try:
            status, headers, body = await connection.ask(as_bytes(request, key, self._port))
            again = request.kept and headers.get(b"connection", b"").lower() != b"close"
        finally:
            self._put_back(request, connection, again=again)
        return status, headers.get(b"x-release", b"").decode(errors="replace"), body

    def _kept(self, request: Request) -> Connection | None:
        spare = self._spare.get(request.connection, deque())
        while request.kept and spare:
            connection = spare.popleft()
            if connection.usable:
                return connection
            connection.close()
        return None

    def _put_back(self, request: Request, connection: Connection, *, again: bool) -> None:
        spare = self._spare.setdefault(request.connection, deque())
        if again and len(spare) < (MOST_SPARE if request.connection == SPARE else 1):
            spare.append(connection)
        else:
            connection.close()


def as_bytes(request: Request, key: str, port: int) -> bytes:
    """A request as it is sent."""
    path = "/-load/slow" if request.kind in SLOW else PATHS[request.kind]
    fields = {"Host": f"{LOCAL}:{port}", "Connection": "keep-alive" if request.kept else "close"}
    body = ""
    if request.kind in WRITES:
        body = f"key={key}"
        fields |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
            "Cookie": f"csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
        }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    method = "POST" if request.kind in WRITES else "GET"
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode()


def verdict(kind: str, key: str, status: int, release: str, body: bytes) -> str:
    """What is wrong with an answer, in a word or two; nothing if it is the one that was asked for.

    Args:
        kind: of the request.
        key: what it had to write.
        status: of the answer.
        release: which release it is from, as it says.
        body: of the answer.
    """
    if status != 200:
        return f"status {status}"
    if not release:
        return "from no release"
    good = body == key.encode() if kind in WRITES else MARKS[kind] in body
    return "" if good else "other content"


class Notes:
    """A file of lines, one for each request; what was added is in it within a second."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("w")
        self._flushed = time.monotonic()

    def add(self, cells: Sequence[str]) -> None:
        """Note one request."""
        self._stream.write("\t".join(cells) + "\n")
        if time.monotonic() - self._flushed > 1.0:
            self._stream.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        """Write what is left."""
        self._stream.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Send the load until standard input ends; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help=f"on {LOCAL}")
    parser.add_argument("--notes", type=Path, required=True, help="file that gets a line each")
    parser.add_argument("--rate", type=float, default=100.0, help="requests per second")
    parser.add_argument("--slow-rate", type=float, default=0.4, help="5-second ones per second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=MOST_REQUESTS, help="at most")
    parser.add_argument("--seconds", type=float, default=MOST_SECONDS, help="at most")
    options = parser.parse_args(argv)
    # What measures goes before what is measured, or it would measure its own waiting for the CPU.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    asyncio.run(_send(options))
    return 0


async def _send(options: argparse.Namespace) -> None:
    notes = Notes(options.notes)
    client = Client(options.port, notes)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, client.over.set)
    loop.add_signal_handler(signal.SIGINT, client.over.set)

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(client.over.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    mix = Mix(rate=options.rate, slow_rate=options.slow_rate)
    try:
        await client.run(mix, options.seed, options.requests, options.seconds)
    finally:
        notes.close()


if __name__ == "__main__":
    sys.exit(main())
