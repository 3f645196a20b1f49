"""Visitors on this machine: one who waits for a site, and a few who keep coming all the while."""

import http.client
import itertools
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.process import BenchError

LOCAL = "127.0.0.1"
RATE = 10.0  # requests per second
MOST_REQUESTS = 6000
CLIENTS = 8
PATIENCE = 10.0  # seconds for one answer
POLL_SECONDS = 0.02


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on.

    One below those that the system gives to whoever names none, from 32768 on as a rule
    (net.ipv4.ip_local_port_range): it stays free until it is used.
    """
    while True:
        port = secrets.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOCAL, port))
            return port


def status(url: str, path: str = "/", patience: float = PATIENCE) -> int:
    """The status of one answer, over a connection of its own; 0 if there was none.

    Raises:
        ValueError: the address is not this machine's own.
    """
    parts = urlsplit(url)
    if parts.hostname != LOCAL:
        raise ValueError(f"{url} is not on {LOCAL}: the bench visits this machine only")
    connection = http.client.HTTPConnection(LOCAL, parts.port, timeout=patience)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def wait_for_200(url: str, limit: float = 120.0) -> float:
    """Ask until the site answers 200; returns the seconds that it took.

    Raises:
        BenchError: it did not within `limit` seconds.
    """
    started = time.monotonic()
    last = 0
    while time.monotonic() - started < limit:
        last = status(url, patience=2.0)
        if last == 200:
            return time.monotonic() - started
        time.sleep(POLL_SECONDS)
    raise BenchError(f"{url} did not answer 200 within {limit:.0f} s; the last status was {last}")


@dataclass
class Visits:
    """What visitors met with.

    Attributes:
        requests: how many were sent, and answered or not.
        failed: those without an answer, or with one of 400 and above.
        statuses: how often each status came; 0 stands for no answer.
        gap: seconds, the longest time between two good answers.
        slowest: seconds, the longest wait for an answer, good or not.
    """

    requests: int = 0
    failed: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    gap: float = 0.0
    slowest: float = 0.0

    def add(self, code: int) -> None:
        """Enter one answer."""
        self.requests += 1
        self.failed += not 200 <= code < 400
        self.statuses[code] = self.statuses.get(code, 0) + 1


class Load:
    """A constant, light load for as long as the block lasts, at most `MOST_REQUESTS` in all.

    Requests are sent at fixed times, whether or not earlier ones were answered: a site that makes
    visitors wait does not get fewer of them. The result is in `visits` when the block has ended.
    """

    def __init__(self, url: str, visit: Callable[[str], int] = status, rate: float = RATE) -> None:
        self.visits = Visits()
        self._url, self._visit, self._interval = url, visit, 1.0 / rate
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._last_good = 0.0
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> "Load":
        self._last_good = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _send(self) -> None:
        started = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for number in itertools.count():
                due = started + number * self._interval
                if number >= MOST_REQUESTS or self._over.wait(max(0.0, due - time.monotonic())):
                    return
                clients.submit(self._one)

    def _one(self) -> None:
        asked = time.monotonic()
        code = self._visit(self._url)
        now = time.monotonic()
        with self._lock:
            self.visits.add(code)
            self.visits.slowest = max(self.visits.slowest, now - asked)
            if 200 <= code < 400:
                self.visits.gap = max(self.visits.gap, now - self._last_good)
                self._last_good = now
