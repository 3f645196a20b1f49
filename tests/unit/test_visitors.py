"""Whose word the edge takes for who its visitors are, and who may come in."""

from dataclasses import replace
from typing import Any

import pytest

from components.config.settings import Settings, load
from components.errors import UserError
from components.serving.haproxy_config import render
from components.serving.haproxy_tls import Tls
from components.serving.haproxy_visitors import Access
from tests.config_keys import key_of, raw
from tests.unit.switch import CONFIG, traffic

GOOD: dict[str, Any] = {"app.path": "example", "app.settings": "site.settings", "data": "create"}
ENCRYPTED = (("site", "access", "users"),)
HASH = "$6$abcdefgh$nMtyG40GAPN2YsxLY1c4KoWs62vTlTeTI8K53ewlaSdTLb6X3v01TjqutTIx2QcV"
HTTPS = {"site__domains": ["www.example.org"], "tls__acme__email": "you@example.org"}


def parse(**changes: Any) -> Settings:
    given = {key_of(name): value for name, value in changes.items()}
    return load(raw({**GOOD, **given}), stack="shop", file="x", encrypted=ENCRYPTED)


def public(**changes: Any) -> list[str]:
    """The lines of the section that visitors come to."""
    section = text(**changes).split("frontend public\n")[1].split("\n\n")[0]
    return [line.strip() for line in section.splitlines()]


def text(**changes: Any) -> str:
    return render(replace(CONFIG, **{"tls": Tls(hsts=0), **changes}), ["b1"], 8000)


def test_where_the_edge_ends_tls_nobody_is_believed() -> None:
    assert not [line for line in public() if "X-Forwarded-For,-1" in line]
    assert "http-request set-var(txn.visitor) src" in public()


def test_what_stands_in_front_is_believed_and_nobody_else() -> None:
    lines = public(trusted=["192.0.2.0/24", "2001:db8::/32"])
    (believed,) = [line for line in lines if "set-var(txn.known)" in line]
    assert believed.endswith(
        "bool(true) if { src 192.0.2.0/24 2001:db8::/32 } "
        "{ req.hdr_ip(X-Forwarded-For,-1) -m found }"
    )
    # Of several behind each other, the first that is not ours speaks of a visitor.
    (second,) = [line for line in lines if "X-Forwarded-For,-2) -m found" in line]
    assert "if known { var(txn.visitor) -m ip 192.0.2.0/24 2001:db8::/32 }" in second


def test_a_proxy_that_ends_tls_in_front_is_believed_wherever_it_is() -> None:
    (believed,) = [line for line in public(tls=None) if "set-var(txn.known)" in line]
    assert "src" not in believed
    (believed,) = [
        line for line in public(tls=None, trusted=["192.0.2.1/32"]) if "set-var(txn.known)" in line
    ]
    assert "{ src 192.0.2.1/32 }" in believed


def test_who_may_come_in_is_asked_once_it_is_known_who_that_is() -> None:
    access = Access(addresses=["192.0.2.0/24"], users={"bo": HASH, "ada": HASH})
    lines = public(trusted=["198.51.100.0/24"], access=access)
    last = max(number for number, line in enumerate(lines) if "set-var(txn.visitor)" in line)
    (outside,) = [number for number, line in enumerate(lines) if "return status 403" in line]
    (password,) = [number for number, line in enumerate(lines) if "request auth" in line]
    handed = lines.index("http-request set-header X-Forwarded-For %[var(txn.visitor)]")
    assert last < outside < password < handed
    assert lines[outside].endswith("unless { var(txn.visitor) -m ip 192.0.2.0/24 }")
    assert lines[password + 1] == "http-request del-header Authorization"
    users = text(access=access).split("userlist visitors\n")[1].split("\n\n")[0]
    assert users.splitlines() == [f"  user {name} password {HASH}" for name in ("ada", "bo")]


def test_hashes_are_secret() -> None:
    config = replace(CONFIG, access=Access(users={"ada": HASH}))
    assert "stdin" in traffic(config=config)["shop-traffic"].secret
    assert "stdin" not in traffic()["shop-traffic"].secret


def test_networks_have_one_spelling() -> None:
    settings = parse(site__trustedProxies=["2001:DB8:0::/32", "192.0.2.7", "192.0.2.7/32"])
    assert settings.site.trusted_proxies == ("192.0.2.7/32", "2001:db8::/32")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"site__trustedProxies": ["192.0.2.1/24"]}, "192.0.2.1/24 has host bits set"),
        ({"site__trustedProxies": ["cdn.example"]}, "must be an address or a network such as"),
        ({"site__access__addresses": ["all"]}, "must be an address or a network such as"),
        ({"site__access__users": {"ada": "open-sesame"}}, "`openssl passwd -6` asks for one"),
        ({"site__access__users": {"ada x": HASH}}, "must be a name of letters, digits and any of"),
        (
            {"site__access__users": {"ada": HASH}, "site__edge": False, **HTTPS},
            "site.access.users is set, but site.edge is false: your own proxy is what visitors",
        ),
        (
            {"site__access__addresses": ["192.0.2.0/24"]},
            "by plain http all of them have the address of Docker's gateway",
        ),
        (
            {"site__access__addresses": ["192.0.2.0/24"], "site__origin": "http://a.example"},
            "or name that in site.trustedProxies",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as error:
        parse(**changes)
    assert says in str(error.value)
    assert "open-sesame" not in str(error.value)


def test_what_is_known_of_visitors_can_be_asked_for() -> None:
    inside = ["192.0.2.0/24"]
    assert parse(site__access__addresses=inside, **HTTPS).site.access.addresses == tuple(inside)
    assert parse(site__access__addresses=inside, site__trustedProxies=["172.18.0.1"])
