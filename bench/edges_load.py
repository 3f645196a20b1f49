"""The clients of `python -m bench.edges`: bounded in number and rate, and on this machine alone."""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bench.visitor import LOCAL

PATIENCE = 40.0  # seconds for one answer


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How some clients behave.

    Attributes:
        clients: how many they are.
        pause: seconds between an answer and the next request.
        keeps: they keep their connection open.
        method: the request's method; a POST has a small body.
        path: what they ask for.
    """

    clients: int
    pause: float
    keeps: bool
    method: str = "GET"
    path: str = "/"


HABITS = (
    Habit(clients=6, pause=0.02, keeps=True),
    Habit(clients=4, pause=0.03, keeps=False),
    Habit(clients=2, pause=0.05, keeps=True, method="POST"),
    Habit(clients=4, pause=0.1, keeps=True, path="/slow"),
    # Seldom there, with a connection that is older than whatever answers on it.
    Habit(clients=4, pause=6, keeps=True),
)


class Load:
    """Clients that send requests while the block runs.

    Attributes:
        requests: how many were sent.
        failures: what went wrong with those that got no good answer, and how often.
        resent: those on a connection that turned out closed, which were sent again on another one
            as a browser would; a POST is not, and fails.
        seconds: how long the short ones took.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._live, args=(habit,))
            for habit in HABITS
            for _ in range(habit.clients)
        ]
        self.requests = self.resent = 0
        self.failures: Counter[str] = Counter()
        self.seconds: list[float] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _live(self, habit: Habit) -> None:
        connection = self._connect()
        while not self._over.is_set():
            if not habit.keeps:
                connection.close()
            reused = connection.sock is not None
            began = time.monotonic()
            problem = self._ask(connection, habit)
            again = reused and habit.method == "GET" and problem in _CLOSED
            if again:
                problem = self._ask(connection, habit)
            self._note(habit, time.monotonic() - began, problem, again=again)
            self._over.wait(habit.pause)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(LOCAL, self._port, timeout=PATIENCE)

    def _ask(self, connection: http.client.HTTPConnection, habit: Habit) -> str:
        """What went wrong with one request; "" if nothing did."""
        headers = {} if habit.keeps else {"Connection": "close"}
        body = b"a=1" if habit.method == "POST" else None
        try:
            connection.request(habit.method, habit.path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return type(error).__name__
        return "" if answer.status == 200 else str(answer.status)

    def _note(self, habit: Habit, seconds: float, problem: str, *, again: bool) -> None:
        with self._lock:
            self.requests += 1
            self.resent += again
            if problem:
                self.failures[f"{habit.method} {habit.path} {problem}"] += 1
            elif habit.path == "/":
                self.seconds.append(seconds)


_CLOSED = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError")
