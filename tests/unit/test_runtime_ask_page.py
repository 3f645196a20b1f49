"""What a visitor would get: by the site's host and scheme, and where redirects lead."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from deploy_runtime import ask_page

ENVIRON = {
    "ALLOWED_HOSTS": "shop.example,localhost",
    "CSRF_TRUSTED_ORIGINS": "https://shop.example",
}


@contextmanager
def site(pages: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """A site with these heads of answers by path; what it was asked is in the list."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096).decode())
                    connection.sendall(pages[asked[-1].split()[1]].encode())

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


def visit(path: str, pages: Mapping[str, str]) -> dict[str, Any]:
    with site(pages) as (port, _):
        return ask_page.visit(path, ENVIRON, port)


def moved(to: str) -> str:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\n\r\n"


WELL = "HTTP/1.1 200 OK\r\n\r\nhello"
BROKEN = "HTTP/1.1 500 Internal Server Error\r\n\r\n"


def test_it_asks_as_a_visitor_would() -> None:
    with site({"/%C3%BCber?a=%20b": WELL}) as (port, asked):
        assert ask_page.visit("/über?a=%20b", ENVIRON, port)["status"] == 200
    assert "\r\nHost: shop.example\r\n" in asked[0]
    assert "\r\nX-Forwarded-Proto: https\r\n" in asked[0]


@pytest.mark.parametrize(
    "location", ["de/", "/de/", "https://shop.example/de/", "//shop.example:443/de/"]
)
def test_redirects_within_the_site_are_followed(location: str) -> None:
    seen = visit("/", {"/": moved(location), "/de/": BROKEN})
    assert (seen["path"], seen["status"], seen["problem"]) == ("/de/", 500, "")


@pytest.mark.parametrize("location", ["https://login.example/?next=/", ""])
def test_redirects_to_elsewhere_are_not(location: str) -> None:
    seen = visit("/", {"/": moved(location)})
    assert (seen["path"], seen["status"], seen["problem"]) == ("/", 302, "")


def test_redirects_without_end_are_a_problem() -> None:
    assert visit("/", {"/": moved("/")})["problem"] == "more than 5 redirects"


def test_what_is_no_answer_is_told() -> None:
    assert visit("/", {"/": "nonsense"})["problem"] == "the answer is no HTTP"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert ask_page.visit("/", ENVIRON, port)["problem"].startswith("no answer: ")
