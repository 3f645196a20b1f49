"""A bare HTTP connection: what was sent over it is never sent again."""

import asyncio
import select

from bench.visitor import LOCAL


class FailedError(Exception):
    """A request without a good answer; the text is a word or two."""


class Connection:
    """One connection to the site, for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._poll = select.poll()
        self._poll.register(writer.get_extra_info("socket").fileno(), select.POLLIN)

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect.

        Raises:
            FailedError: nobody listens.
        """
        try:
            return cls(*await asyncio.open_connection(LOCAL, port))
        except OSError:
            raise FailedError("refused") from None

    @property
    def usable(self) -> bool:
        """Whether it can take a request. One that the site has closed can't; a client sees that."""
        return not self._reader.at_eof() and not self._poll.poll(0)

    async def ask(self, request: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """Send a request; return status, headers in lower case, and body.

        Raises:
            FailedError: the connection broke before, or in the middle of, the answer.
        """
        try:
            self._writer.write(request)
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].split(b"\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(b":") for line in lines)
            }
            return int(first.split()[1]), headers, await self._body(headers)
        except asyncio.IncompleteReadError as error:
            raise FailedError("cut off" if error.partial else "closed without an answer") from None
        except (IndexError, ValueError, asyncio.LimitOverrunError):
            raise FailedError("no HTTP answer") from None
        except OSError:
            raise FailedError("reset") from None

    async def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if b"content-length" in headers:
            return await self._reader.readexactly(int(headers[b"content-length"]))
        headers[b"connection"] = b"close"  # it ends where the connection does
        return await self._reader.read()

    def close(self) -> None:
        """Close it, without waiting for anything."""
        self._writer.transport.abort()
