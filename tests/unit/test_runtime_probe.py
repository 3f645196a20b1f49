"""The probe: what it asks, how it judges, and that it is cheap."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy_runtime import probe
from tests.unit.runtime_project import ROOT


@contextmanager
def server(answer: bytes, delay: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A server on some port that gives one answer; what it was asked is in the list."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(4096))
            time.sleep(delay)
            connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], asked
    listener.close()


def run(port: int, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy_runtime.probe"]
    environ |= {"PORT": str(port), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_a_healthy_site_is_well() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n{}") as (port, asked):
        done = run(port, ALLOWED_HOSTS="shop.example")
    assert (done.returncode, done.stdout) == (0, "")
    assert asked[0].startswith(b"GET /-/health HTTP/1.0\r\nHost: shop.example\r\n")


def test_an_unhealthy_one_is_told_in_one_line() -> None:
    with server(b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"status":\n "error"}') as (port, _):
        done = run(port, DEPLOY_HEALTH_PATH="/up/")
    assert done.returncode == 1
    assert done.stdout == '/up/: 503 {"status": "error"}\n'


def test_nobody_there_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run(port)
    assert done.returncode == 1
    assert "no answer on port" in done.stdout
    assert done.stderr == ""


def test_one_that_dawdles_is_not_waited_for() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n", delay=2) as (port, _), pytest.raises(TimeoutError):
        probe.ask(port, b"GET / HTTP/1.0\r\n\r\n", timeout=0.1)


@pytest.mark.parametrize(
    ("status", "well"), [(200, True), (204, True), (301, True), (404, False), (500, False)]
)
def test_statuses(status: int, well: bool) -> None:
    verdict = probe.verdict(f"HTTP/1.1 {status} Whatever\r\nA: b\r\n\r\nbody".encode())
    assert (verdict is None) is well


def test_a_long_body_is_cut_and_no_http_is_no_health() -> None:
    assert len(str(probe.verdict(b"HTTP/1.1 500 x\r\n\r\n" + b"a" * 9000))) < 300
    assert probe.verdict(b"") == "the answer is no HTTP"


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ("", "localhost"),
        ("*", "localhost"),
        ("*.a.example, b.example", "b.example"),
        (".a.example", "a.example"),
        ("a.example,b.example", "a.example"),
    ],
)
def test_the_host_is_one_that_the_site_accepts(hosts: str, host: str) -> None:
    assert probe.host({"ALLOWED_HOSTS": hosts}) == host


def test_it_arrives_as_a_visitor_of_an_https_site_would() -> None:
    https = {"CSRF_TRUSTED_ORIGINS": "https://a.example"}
    assert b"X-Forwarded-Proto: https\r\n" in probe.request(https)
    assert b"X-Forwarded" not in probe.request({"CSRF_TRUSTED_ORIGINS": "http://a.example"})


def test_it_loads_neither_django_nor_an_http_library() -> None:
    code = "import sys, deploy_runtime.probe; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"django", "http.client", "ssl", "asyncio", "json"} & set(done.stdout.split())
