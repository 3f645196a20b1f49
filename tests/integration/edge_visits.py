"""Visitors of the edge who must lose nothing, and the views that they ask for."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

VIEWS = """
import socket, time
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

def slow(request):
    time.sleep(5)
    return HttpResponse("slow")

@csrf_exempt
def seen(request):
    read = len(request.body)
    return JsonResponse({"host": socket.gethostname(), "read": read, **request.headers})

@csrf_exempt
def caught(request):
    with open("/tmp/caught", "a") as stream:
        print(request.method, request.headers, file=stream)
    return HttpResponse("caught")

def large(request):
    return HttpResponse(b"x" * 10_000_000, "application/octet-stream")

def events(request):
    def write():
        for number in range(40):
            yield f"data: {number}\\n\\n"
            time.sleep(0.25)
    return StreamingHttpResponse(write(), "text/event-stream")

urlpatterns = [
    path("slow/", slow), path("seen/", seen), path("caught/", caught), path("large/", large),
    path("events/", events), *urlpatterns
]
"""
# Well at once for its own gate, and for the edge long after it would give up what serves.
FINE = """
began = time.monotonic()

def fine(request):
    near = request.META["REMOTE_ADDR"] == "127.0.0.1"
    return HttpResponse(status=200 if near or time.monotonic() - began > 12 else 503)

urlpatterns = [path("fine/", fine), *urlpatterns]
"""


Connect = Callable[[], http.client.HTTPConnection]
"""Makes a connection to the edge."""


class Visitor(threading.Thread):
    """Sends one request after another on one connection, which only the edge may end.

    A request that is lost, or whose connection ends without being told so, is a failure.

    Args:
        connect: makes the connection.
        path: what is asked for.
        pause: seconds between two requests.
    """

    def __init__(self, connect: Connect, path: str, pause: float) -> None:
        super().__init__()
        self.path, self.pause = path, pause
        self.connection = connect()
        self.over = threading.Event()
        self.answers: list[int] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.over.is_set():
            self.ask()
            self.over.wait(self.pause)

    def ask(self) -> Any:
        """One request; the JSON of its answer."""
        try:
            self.connection.request("GET", self.path)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
            self.connection.close()
            return None
        self.answers.append(answer.status)
        if answer.status != 200:
            self.failures.append(str(answer.status))
        return json.loads(body) if body.startswith(b"{") else None


@contextmanager
def crowd(connect: Connect) -> Iterator[Visitor]:
    """Visitors who must lose nothing: busy ones, slow ones, and a quiet one, who is returned."""
    quiet = Visitor(connect, "/seen/", pause=8)
    others = [Visitor(connect, "/seen/", pause=0.02) for _ in range(6)]
    others += [Visitor(connect, "/slow/", pause=0) for _ in range(2)]
    for visitor in (quiet, *others):
        visitor.start()
    try:
        yield quiet
    finally:
        for visitor in (quiet, *others):
            visitor.over.set()
        for visitor in (quiet, *others):
            visitor.join()
    assert [v.failures for v in (quiet, *others)] == [[]] * 9
    assert sum(len(v.answers) for v in others) > 100
