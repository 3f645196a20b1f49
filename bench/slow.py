"""`python -m bench.slow`: what visitors on slow lines do to all the others.

The example site is deployed with its default settings. In turn there is a while with ordinary
visitors alone, and one in which others send and fetch large things slowly beside them. What the
ordinary ones wait is compared. Everything is on this machine.
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.connection import Connection, FailedError
from bench.load import TOKEN
from bench.load_site import Update
from bench.loaded import Pulumi
from bench.process import BenchError
from bench.visitor import LOCAL
from components.text_table import figures_table

SIZE = 10_000_000  # bytes of what is sent
PACE = 10_000  # bytes per second
ARRIVAL = 10.0  # seconds in which the slow ones come
PATIENCE = 30.0  # seconds for one ordinary answer
_BUFFER = 16384  # bytes that the system may take for a client that does not read


@dataclass(kw_only=True)
class Slow:
    """Clients on slow lines, as long as the block runs.

    Attributes:
        port: of the site, on this machine.
        upload: the path that bodies are sent to.
        download: the path that is fetched.
        size: bytes of each body.
        lost: how many were cut off, or refused, before the block ended.
    """

    port: int
    upload: str
    download: str
    size: int = SIZE
    lost: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def crowd(self, uploads: int, downloads: int, arrival: float) -> AsyncIterator[None]:
        """Have so many of them come within some seconds, and stay."""
        heads = [self._upload_head()] * uploads + [self._download_head()] * downloads
        for number, head in enumerate(heads):
            after = arrival * (number % max(uploads, downloads)) / max(uploads, downloads)
            self._tasks.append(asyncio.create_task(self._stay(head, after)))
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()

    async def _stay(self, head: bytes, after: float) -> None:
        await asyncio.sleep(after)
        sends = head.startswith(b"POST")
        try:
            while True:
                with socket.socket() as client:
                    await (self._send if sends else self._fetch)(client, head)
        except (OSError, EOFError):
            self.lost += 1

    async def _send(self, client: socket.socket, head: bytes) -> None:
        loop = await self._connected(client, head)
        for _ in range(self.size // PACE):
            await asyncio.sleep(1)
            await loop.sock_sendall(client, b"x" * PACE)
        if not (await loop.sock_recv(client, _BUFFER)).startswith(b"HTTP/1.1 200"):
            raise EOFError

    async def _fetch(self, client: socket.socket, head: bytes) -> None:
        loop = await self._connected(client, head)
        got = await loop.sock_recv(client, PACE)
        if not got.startswith(b"HTTP/1.1 200"):
            raise EOFError
        while got:
            await asyncio.sleep(len(got) / PACE)
            got = await loop.sock_recv(client, PACE)

    async def _connected(self, client: socket.socket, head: bytes) -> asyncio.AbstractEventLoop:
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (LOCAL, self.port))
        await loop.sock_sendall(client, head)
        return loop

    def _upload_head(self) -> bytes:
        return (
            f"POST {self.upload} HTTP/1.1\r\nHost: {LOCAL}\r\nContent-Length: {self.size}\r\n"
            f"Cookie: csrftoken={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\nConnection: close\r\n\r\n"
        ).encode()

    def _download_head(self) -> bytes:
        return _get(self.download)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {LOCAL}\r\nConnection: close\r\n\r\n".encode()


@dataclass(kw_only=True)
class Waited:
    """What ordinary visitors waited, in seconds.

    Attributes:
        seconds: one for each answer, from when its request was due.
        failures: the requests without a good answer.
    """

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def at(self, share: float) -> float:
        """The time within which a share of the answers was there."""
        times = sorted(self.seconds)
        return times[min(len(times) - 1, int(len(times) * share))] if times else PATIENCE

    @property
    def row(self) -> list[str]:
        """The figures, in milliseconds."""
        times = [f"{1000 * self.at(share):.1f}" for share in (0.5, 0.99, 1.0)]
        return [str(len(self.seconds)), str(len(self.failures)), *times]


async def visit(port: int, rate: float, seconds: float, into: Waited, path: str = "/") -> None:
    """Ask for a page at a constant rate, whatever becomes of it (an open loop)."""
    start = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            group.create_task(_visit_once(port, path, due, into))


async def _visit_once(port: int, path: str, due: float, into: Waited) -> None:
    try:
        async with asyncio.timeout_at(due + PATIENCE):
            connection = await Connection.open(port)
            with contextlib.closing(connection):
                status, _, _ = await connection.ask(_get(path))
        if status != 200:
            raise FailedError(str(status))
    except (FailedError, TimeoutError) as error:
        into.failures.append(str(error) or "no answer")
    else:
        into.seconds.append(asyncio.get_running_loop().time() - due)


@dataclass(kw_only=True)
class Result:
    """What was waited without the slow ones, while they came, and with all of them there."""

    alone: Waited = field(default_factory=Waited)
    arriving: Waited = field(default_factory=Waited)
    beside: Waited = field(default_factory=Waited)
    lost: int = 0

    @property
    def ratio(self) -> float:
        """How much longer the slowest hundredth waits beside the slow ones."""
        return self.beside.at(0.99) / self.alone.at(0.99)


async def compare(slow: Slow, options: argparse.Namespace) -> Result:
    """Let ordinary visitors come, in turn without and with slow ones beside them."""
    result = Result()
    each = options.seconds / options.turns
    await visit(slow.port, options.rate, 5, Waited())
    for _ in range(options.turns):
        await visit(slow.port, options.rate, each, result.alone)
        async with slow.crowd(options.uploads, options.downloads, ARRIVAL):
            await visit(slow.port, options.rate, ARRIVAL + 2, result.arriving)
            await visit(slow.port, options.rate, each, result.beside)
        result.lost = slow.lost
        print(".", end="", file=sys.stderr, flush=True)
        await asyncio.sleep(3)
    return result


def report(result: Result) -> str:
    """The result as a table."""
    rows = [["", "answers", "failed", "p50 ms", "p99 ms", "max ms"]]
    for title in ("alone", "arriving", "beside"):
        waited: Waited = getattr(result, title)
        rows.append([title, *waited.row])
    summary = f"p99 beside / alone: {result.ratio:.2f}; slow ones lost: {result.lost}"
    return f"{figures_table(rows)}\n{summary}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow", description=__doc__)
    parser.add_argument("--uploads", type=int, default=100, help=f"at once, of {SIZE} bytes")
    parser.add_argument("--downloads", type=int, default=100, help=f"at once, of {SIZE} bytes")
    parser.add_argument("--rate", type=float, default=50.0, help="GETs per second")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two")
    parser.add_argument("--turns", type=int, default=2, help="in which they alternate")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        site = Pulumi(Path(folder), f"bench-slow-{secrets.token_hex(3)}", "sqlite")
        try:
            site.project.stage(Update(release="0"))
            site.deploy()
            slow = Slow(port=site.port, upload="/-load/upload", download="/-load/download")
            result = asyncio.run(compare(slow, options))
        except BenchError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        finally:
            site.destroy()
    print(f"\n{report(result)}")
    if options.json:
        options.json.write_text(json.dumps(asdict(result), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
