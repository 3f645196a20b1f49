"""Requests of somebody who means harm, as bytes, and what must not become of them.

Each tries to get something that no visitor is to have: the view behind `CAUGHT`, which notes that
it was reached, or a file's content. Where a request is refused, an answer says so, or the
connection ends without one.
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

CAUGHT = "/caught/"
LIMIT = 2  # megabytes that the site accepts
_LARGE = LIMIT * 2**20 + 1
_FILES = ("etc/passwd", "run/secrets/SECRET_KEY", "srv/data/db.sqlite3", "app/manage.py")
# What is in those files, and in no page.
_CONTENT = re.compile(rb"root:x:0|SQLite format 3|execute_from_command_line")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        what: in words.
        data: what is sent.
        expected: the statuses that it may be answered with; 0 is none at all.
        answers: how many answers there may be at most.
    """

    what: str
    data: bytes
    expected: tuple[int, ...]
    answers: int = 1


def table(host: str) -> Iterator[Request]:
    """All of them.

    Args:
        host: the site's host name and port, as a visitor's `Host` says it.
    """
    yield from _lengths(host)
    yield from _no_length(host)
    yield from _smuggling(host)
    yield from _heads(host)
    yield from _addresses(host)


def _post(host: str, *lines: str, body: bytes = b"", path: str = CAUGHT) -> bytes:
    head = [f"POST {path} HTTP/1.1", f"Host: {host}", *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def _lengths(host: str) -> Iterator[Request]:
    numbers = [
        *(_LARGE, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1, 2**32 + _LARGE),
        *(2**33, 10**12, 2**53, 2**63 - 1),
    ]
    for number in numbers:
        for text in (f"{number}", f"00{number}", f"{number}  ", f"{number}, {number}"):
            # Whether zeros in front, or a list, are a length at all, may be seen either way.
            plain = text.strip() == str(number)
            long = _post(host, f"Content-Length: {text}", body=b"x" * 70000)
            expected = (413,) if plain else (400, 413)
            yield Request(what=f"length {text!r}", data=long, expected=expected)
    odd = [
        *(
            str(2**63),
            str(2**64 - 1),
            str(2**64),
            str(2**64 + 5),
            "9" * 40,
            "9" * 400,
            "-1",
            "+5",
            "+99999999999",
            "0x10",
        ),
        *("1e9", "5.0", "5;5", "5,6", "5 5", "five", "", "5\t6", "\x0b5", "²", "٣"),
    ]
    for text in odd:
        data = f"POST {CAUGHT} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {text}\r\n\r\n"
        yield Request(
            what=f"length {text[:24]!r}",
            data=data.encode() + b"x" * 70000,
            expected=(400, 411, 413),
        )
    for pair in (("5", "6"), ("5", str(_LARGE)), (str(_LARGE), "5"), ("0", str(2**32))):
        lines = [f"Content-Length: {text}" for text in pair]
        yield Request(
            what=f"lengths {pair}", data=_post(host, *lines, body=b"x" * 70000), expected=(400, 413)
        )
    for name in ("content-length", "CONTENT-LENGTH", "Content-length"):
        yield Request(what=name, data=_post(host, f"{name}: {2**32}"), expected=(413,))
    for name in ("Content-Length ", " Content-Length", "Content_Length", "Content-Length\x00"):
        # As no length at all it is none, and what follows is no request.
        yield Request(
            what=f"name {name!r}",
            data=_post(host, f"{name}: {2**32}", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
            expected=(400, 411),
        )


def _no_length(host: str) -> Iterator[Request]:
    encodings = [
        *("chunked", "Chunked", "CHUNKED", " chunked", "chunked ", "\tchunked", "identity"),
        *("gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked", "chunked;q=1"),
        *("'chunked'", "chunk\x0bed", ""),
    ]
    for text in encodings:
        data = _post(host, f"Transfer-Encoding: {text}", body=b"5\r\nhello\r\n0\r\n\r\n")
        yield Request(
            what=f"encoding {text!r}", data=data, expected=(400, 411, 422, 501), answers=2
        )


def _smuggling(host: str) -> Iterator[Request]:
    inner = f"GET {CAUGHT} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    chunk = b"0\r\n\r\n" + inner
    shapes = {
        "CL.TE": ("Content-Length: 6", "Transfer-Encoding: chunked"),
        "TE.CL": ("Transfer-Encoding: chunked", "Content-Length: 4"),
        "TE.TE": ("Transfer-Encoding: chunked", "Transfer-Encoding: cow"),
        "TE with a space": ("Content-Length: 6", "Transfer-Encoding : chunked"),
        "TE with a tab": ("Content-Length: 6", "Transfer-Encoding:\tchunked"),
        "TE folded": ("Content-Length: 6", "Transfer-Encoding:\r\n chunked"),
        "TE in another's value": ("Content-Length: 6", "X: y\nTransfer-Encoding: chunked"),
        "TE with an underscore": (f"Content-Length: {len(chunk)}", "Transfer_Encoding: chunked"),
        "CL with an underscore": (f"Content-Length: {len(chunk)}", "Content_Length: 5"),
        "CL after a carriage return": ("X: y\rContent-Length: 0", f"Content-Length: {len(chunk)}"),
        "a connection's own length": (
            f"Content-Length: {len(chunk)}",
            "Connection: Content-Length",
        ),
    }
    for what, lines in shapes.items():
        data = _post(host, *lines, body=chunk, path="/seen/")
        yield Request(what=what, data=data, expected=(0, 200, 400, 411))
    for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        head = f"{method} /seen/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(inner)}\r\n\r\n"
        yield Request(what=f"{method} with a body", data=head.encode() + inner, expected=(200, 400))
    for what, head in {
        "bare line feeds": f"POST /seen/ HTTP/1.1\nHost: {host}\nContent-Length: {len(inner)}\n\n",
        "HTTP/1.0 kept alive": "POST /seen/ HTTP/1.0\r\nConnection: keep-alive\r\n"
        f"Host: {host}\r\nContent-Length: {len(inner)}\r\n\r\n",
    }.items():
        yield Request(what=what, data=head.encode() + inner, expected=(200, 400))
    # What is read as a space, or as a version that is known, does no harm.
    for what, head in {
        "a folded header": f"GET /seen/ HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n c\r\n\r\n",
        "HTTP/3.0": f"GET /seen/ HTTP/3.0\r\nHost: {host}\r\n\r\n",
    }.items():
        yield Request(what=what, data=head.encode(), expected=(200, 400, 505))
    for upgrade in ("h2c", "websocket"):
        lines_ = (
            f"Upgrade: {upgrade}",
            "Connection: Upgrade, HTTP2-Settings",
            "HTTP2-Settings: AA",
        )
        data = _post(host, *lines_, f"Content-Length: {len(inner)}", body=inner, path="/seen/")
        yield Request(what=f"upgrade to {upgrade}", data=data, expected=(200, 400))


def _heads(host: str) -> Iterator[Request]:
    odd = {
        "a folded first header": " X-A: b",
        "a NUL in a value": "X-A: b\0c",
        "a NUL in a name": "X\0A: b",
        "a name with a space": "X A: b",
        "no colon": "X-A",
        "an empty name": ": b",
        "a carriage return in a value": "X-A: b\rX-B: c",
        "a second host": "Host: evil.example",
        "101 headers": "\r\n".join(f"X-{n}: y" for n in range(101)),
        "5000 headers": "\r\n".join(f"X-{n}: y" for n in range(5000)),
        "a header of 20 kB": f"X-A: {'y' * 20000}",
        "a header of 1 MB": f"X-A: {'y' * 2**20}",
        "a cookie of 64 kB": f"Cookie: a={'y' * 65536}",
    }
    for what, lines in odd.items():
        data = f"GET {CAUGHT} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n\r\n".encode("latin-1")
        yield Request(what=what, data=data, expected=(0, 400, 431))
    lines_ = {
        "no version": f"GET {CAUGHT}",
        "HTTP/0.9": f"GET {CAUGHT}\r\n",
        "HTTP/2 by its preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a method with a space": f"GE T {CAUGHT} HTTP/1.1",
        "a NUL in the path": f"GET {CAUGHT}\0 HTTP/1.1",
        "a space in the path": f"GET {CAUGHT} x HTTP/1.1",
        "a path of 64 kB": f"GET {CAUGHT}?{'y' * 65536} HTTP/1.1",
        "no slash": "GET caught/ HTTP/1.1",
        "another authority": f"GET http://evil.example{CAUGHT} HTTP/1.1",
        "a user in the authority": f"GET http://{host}@evil.example{CAUGHT} HTTP/1.1",
        "a tunnel": "CONNECT 127.0.0.1:8000 HTTP/1.1",
        "a trace": f"TRACE {CAUGHT} HTTP/1.1",
    }
    for what, line in lines_.items():
        data = f"{line}\r\nHost: {host}\r\n\r\n".encode("latin-1")
        yield Request(what=what, data=data, expected=(0, 400, 403, 404, 405, 414, 501))
    for name in ("evil.example", "", "a b", "127.0.0.1:x", "a@b", "a/b", "127.0.0.1\t"):
        data = f"GET {CAUGHT} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
        if name.strip() == "127.0.0.1":
            continue
        yield Request(what=f"host {name!r}", data=data, expected=(0, 400))


def _addresses(host: str) -> Iterator[Request]:
    ups = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "..;/", "%252e%252e/")
    for prefix in ("/", "/static/", "/media/", "/media/.", "//"):
        for up in ups:
            for file in _FILES[: 2 if prefix == "/" else 4]:
                line = f"GET {prefix}{up * 6}{file} HTTP/1.1"
                data = f"{line}\r\nHost: {host}\r\n\r\n".encode()
                # A path that leads nowhere is a page that isn't there.
                expected = (0, 301, 302, 308, 400, 403, 404)
                yield Request(what=line, data=data, expected=expected)


def send(port: int, request: Request) -> str:
    """Send a request and read what comes; what is wrong with that, "" if nothing is."""
    said = exchange(port, request.data)
    statuses = [int(found) for found in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", said, re.M)]
    wrong = [status for status in statuses or [0] if status not in request.expected]
    if wrong and not (wrong == [400] and 400 in request.expected):
        return f"{request.what}: answered with {wrong}"
    # A second one may only say that what came after the first was no request.
    if len(statuses) > request.answers and set(statuses[request.answers :]) != {400}:
        return f"{request.what}: {len(statuses)} answers, {statuses}"
    if _CONTENT.search(said):
        return f"{request.what}: a file's content"
    return ""


def exchange(port: int, data: bytes, seconds: float = 5.0) -> bytes:
    """Send bytes; return what is answered until the connection ends or nothing more comes."""
    said = b""
    deadline = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        # It may be refused before all of it was sent.
        with suppress(OSError):
            connection.sendall(data)
        # An answer is there at once; a second one would be, too.
        connection.settimeout(0.3)
        while time.monotonic() < deadline:
            try:
                chunk = connection.recv(65536)
            except TimeoutError:
                if said:
                    break
                continue
            except OSError:
                break
            if not chunk:
                break
            said += chunk
    return said
