"""Visitors of an edge that ends TLS on this machine, whatever the DNS says of its domains."""

import http.client
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.visitor import free_port

LOCAL = "127.0.0.1"
PATIENCE = 40.0


class Connection(http.client.HTTPSConnection):
    """A connection to a domain, at an address of this machine.

    Args:
        domain: its name, which the certificate has to be made out to.
        port: where the edge listens.
        trust: what the visitor verifies certificates by.
        address: of this machine.
    """

    def __init__(self, domain: str, port: int, trust: ssl.SSLContext, address: str) -> None:
        super().__init__(domain, port, timeout=PATIENCE, context=trust)
        self._domain, self._trust, self._address = domain, trust, address

    def connect(self) -> None:
        """Connect there, and verify the certificate."""
        plain = socket.create_connection((self._address, self.port), timeout=PATIENCE)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self._domain)


@dataclass(kw_only=True)
class Tls:
    """Where the edge of a site listens.

    Attributes:
        authority: the certificate of whoever issues the site's.
        domain: the site's first domain.
        http: the port from which visitors are sent to https.
        https: that of https.
    """

    authority: Path
    domain: str
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        """The site's origin."""
        return f"https://{self.domain}:{self.https}"

    @property
    def has_ipv6(self) -> bool:
        """This machine has it."""
        return Path("/proc/sys/net/ipv6/bindv6only").exists()

    def trust(self) -> ssl.SSLContext:
        """What a visitor verifies certificates by."""
        return ssl.create_default_context(cafile=self.authority)

    def connect(self, domain: str = "", address: str = LOCAL) -> Connection:
        """A visitor's connection, which is made with the first request."""
        return Connection(domain or self.domain, self.https, self.trust(), address)

    def ask(
        self,
        path: str,
        *,
        scheme: str = "https",
        domain: str = "",
        address: str = LOCAL,
        **headers: str,
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and body of one request, on a connection of its own."""
        connection: http.client.HTTPConnection = self.connect(domain, address)
        if scheme == "http":
            connection = http.client.HTTPConnection(LOCAL, self.http, timeout=PATIENCE)
            headers = {"Host": f"{domain or self.domain}:{self.http}", **headers}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, text

    def secured(self, trust: ssl.SSLContext) -> ssl.SSLSocket:
        """A connection on which nothing was asked yet."""
        plain = socket.create_connection((LOCAL, self.https), timeout=PATIENCE)
        try:
            return trust.wrap_socket(plain, server_hostname=self.domain)
        except OSError:
            plain.close()
            raise

    def shown(self) -> str:
        """The serial number of the certificate that visitors are shown now."""
        with self.secured(self.trust()) as connection:
            return str((connection.getpeercert() or {})["serialNumber"])

    def wait(self) -> None:
        """Wait until the site answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                if self.ask("/seen/")[0] == 200:
                    return
            time.sleep(0.2)
        raise AssertionError(f"no answer within {PATIENCE:.0f} s")


def takes(tls: Tls, version: ssl.TLSVersion) -> bool:
    """Whether the edge speaks a version of TLS."""
    trust = tls.trust()
    trust.set_ciphers("ALL:@SECLEVEL=0")
    trust.minimum_version = trust.maximum_version = version
    return _is_taken(tls, trust)


def ciphers(tls: Tls) -> set[str]:
    """The ciphers of TLS 1.2 that the edge takes, each offered alone."""
    trust = tls.trust()
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    trust.set_ciphers("ALL:@SECLEVEL=0")
    names = [cipher["name"] for cipher in trust.get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert len(names) > 20
    found = set()
    for name in names:
        trust.set_ciphers(f"{name}:@SECLEVEL=0")
        if _is_taken(tls, trust):
            found.add(name)
    return found


def _is_taken(tls: Tls, trust: ssl.SSLContext) -> bool:
    try:
        tls.secured(trust).close()
    except OSError:
        return False
    return True


def by_http2(tls: Tls, method: str, path: str, body: bytes = b"") -> int:
    """The status of a request by HTTP/2, frame by frame (RFC 9113); a body without its length."""
    trust = tls.trust()
    trust.set_alpn_protocols(["h2"])
    with tls.secured(trust) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        # RFC 7541: indexed, `:path` and `:authority` spelled out.
        head = {"GET": b"\x82", "POST": b"\x83"}[method] + b"\x87"
        for index, text in ((b"\x04", path), (b"\x01", f"{tls.domain}:{tls.https}")):
            head += index + bytes([len(text)]) + text.encode()
        ends = 0 if body else 1
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))
        connection.sendall(_frame(1, 4 | ends, 1, head))
        if body:
            connection.sendall(_frame(0, 0, 1, body))
        with connection.makefile("rb") as stream:
            while head := stream.read(9):
                length, kind, number = int.from_bytes(head[:3]), head[3], int.from_bytes(head[5:])
                content = stream.read(length)
                if (kind, number) == (1, 1):
                    return 200 if content[:1] == b"\x88" else int(content[2:5])
    raise AssertionError("no answer")


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


@dataclass
class Newcomers:
    """Visitors who each come once, one after another.

    Attributes:
        answers: how many were answered well.
        failures: what went wrong for others.
    """

    answers: int = 0
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def coming(self, tls: Tls) -> Iterator[None]:
        """Let them come while the block runs."""
        over = threading.Event()

        def come() -> None:
            while not over.is_set():
                try:
                    status = tls.ask("/seen/")[0]
                    self.failures += [] if status == 200 else [str(status)]
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(repr(error))
                self.answers += 1
                over.wait(0.02)

        threads = [threading.Thread(target=come) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
