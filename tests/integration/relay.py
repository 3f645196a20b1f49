"""A way to a server that may be slow, or break: what comes to a port here goes on from here."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_CHUNK = 65536


class Relay:
    """A port of this machine that leads to another, until it is closed.

    What passes is delayed and not slowed down: many things are on their way at once, as on a long
    line.

    Args:
        port: it.
        target: the address and port that it leads to.
        address: this machine's, at which it is met.

    Attributes:
        delay: seconds that everything takes, each way; changed at any time.
    """

    def __init__(self, port: int, target: tuple[str, int], *, address: str = "127.0.0.1") -> None:
        self.delay = 0.0
        self._target, self._lets_in = target, True
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._meet, address, port))

    def cut(self) -> None:
        """Break every connection, and let nobody in until it is mended."""
        self._lets_in = False
        self._do(self._break())

    def mend(self) -> None:
        """Let everybody in again."""
        self._lets_in = True

    def close(self) -> None:
        """End it, and all connections."""
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _end(self) -> None:
        self._server.close()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _break(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._lets_in:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            there, out = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open.add(out)
        await asyncio.gather(self._pass_on(reader, out), self._pass_on(there, writer))
        self._open -= {writer, out}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(waiting, writer))
        data = b"-"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            waiting.put_nowait((self._loop.time() + self.delay, data))
        await sending

    async def _send(
        self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if not data:
                writer.close()
                return
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                return
