"""The way to a server that tests make slow, or break."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bench.visitor import free_port
from tests.integration.relay import Relay


def _echo(server: socket.socket) -> None:
    while True:
        try:
            taken, _ = server.accept()
        except OSError:
            return
        with taken:
            while data := taken.recv(65536):
                taken.sendall(data)


@pytest.fixture
def relay() -> Iterator[tuple[Relay, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=[server], daemon=True).start()
        port = free_port()
        made = Relay(port, server.getsockname())
        yield made, port
        made.close()
        server.shutdown(socket.SHUT_RDWR)


def _answer(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(data)
        got = b""
        while len(got) < len(data) and (more := client.recv(65536)):
            got += more
        return got


def test_it_passes_everything_on_and_delays_it_each_way(relay: tuple[Relay, int]) -> None:
    way, port = relay
    data = bytes(range(256)) * 4096
    assert _answer(port, data) == data
    way.delay = 0.1
    started = time.monotonic()
    assert _answer(port, data) == data
    assert time.monotonic() - started >= 0.2, "there and back"


def test_it_breaks_what_is_open_and_lets_nobody_in_until_it_is_mended(
    relay: tuple[Relay, int],
) -> None:
    way, port = relay
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        way.cut()
        assert _broken(client)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as refused:
        assert _broken(refused)
    way.mend()
    assert _answer(port, b"y") == b"y"


def _broken(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
