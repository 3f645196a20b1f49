"""Whom the application believes what a request says of its visitor."""

import socket
from typing import Any

import pytest

from deploy_runtime.forwarded_headers import Senders, heard_out

NAMES = {
    "172.18.0.2": "shop-edge.shop-front",
    "172.18.0.3": "shop-edge.shop",
    "172.18.0.4": "shop-edge.shop-front.evil",
    "172.19.0.2": "caddy.shop-traffic",
    "172.19.0.3": "caddy.blog-traffic",
    "172.20.0.2": "worker.shop",
    "172.20.0.3": "x.shop-traffic.shop",
}
CLAIMS = {
    "HTTP_X_FORWARDED_FOR": "1.1.1.1",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_SSL": "on",
    "HTTP_X_REAL_IP": "1.1.1.1",
    "HTTP_FORWARDED": "for=1.1.1.1",
}


class Dns:
    def __init__(self) -> None:
        self.names: dict[str, str] = dict(NAMES)
        self.asked: list[str] = []
        self.error: OSError | None = None
        self.now = 0.0

    def look_up(self, address: str) -> tuple[str, list[str], list[str]]:
        self.asked.append(address)
        if self.error:
            raise self.error
        if address not in self.names:
            raise socket.herror(1, "Unknown host")
        return self.names[address], [], [address]


@pytest.fixture
def dns() -> Dns:
    return Dns()


@pytest.fixture
def senders(dns: Dns) -> Senders:
    return Senders("shop", dns.look_up, lambda: dns.now)


@pytest.mark.parametrize(
    ("address", "believed"),
    [
        ("127.0.0.1", True),
        ("172.18.0.2", True),
        ("172.19.0.2", True),
        ("172.18.0.1", False),  # the host, by its bridge's address
        ("172.18.0.3", False),
        ("172.18.0.4", False),
        ("172.19.0.3", False),
        ("172.20.0.2", False),
        ("172.20.0.3", False),
    ],
)
def test_only_what_the_edge_or_a_proxy_of_ones_own_says_is_believed(
    senders: Senders, address: str, believed: bool
) -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": address, "HTTP_HOST": "a", "wsgi.url_scheme": "http", **CLAIMS}
    heard_out(application, senders)(environ, lambda *_: None)
    assert {name: seen.get(name) for name in CLAIMS} == (
        CLAIMS if believed else dict.fromkeys(CLAIMS)
    )
    assert seen["wsgi.url_scheme"] == ("https" if believed else "http")
    assert seen["HTTP_HOST"] == "a"


def test_an_address_is_asked_about_once_in_a_while(senders: Senders, dns: Dns) -> None:
    for _ in range(3):
        assert senders.believes("172.18.0.2")
        assert not senders.believes("172.18.0.1")
    assert dns.asked == ["172.18.0.2", "172.18.0.1"]
    # The edge was started again, and has the other address.
    dns.names = {"172.18.0.1": NAMES["172.18.0.2"]}
    dns.now = 2
    assert senders.believes("172.18.0.1")
    dns.now = 61
    assert not senders.believes("172.18.0.2")


@pytest.mark.parametrize("error", [socket.herror(2, "try again"), OSError("no server")])
def test_without_an_answer_what_was_known_stays(senders: Senders, dns: Dns, error: OSError) -> None:
    assert senders.believes("172.18.0.2")
    assert not senders.believes("172.18.0.1")
    dns.now, dns.error = 61, error
    assert senders.believes("172.18.0.2")
    assert not senders.believes("172.18.0.1")


def test_no_number_of_addresses_fills_the_memory(senders: Senders, dns: Dns) -> None:
    for number in range(2500):
        senders.believes(f"192.0.2.{number}")
    assert len(senders._known) <= 1000
