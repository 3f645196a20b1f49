"""What is said of an authority that gives no certificate: the key that it is about, what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.serving.acme_words import cause, problem, refusal
from deploy_runtime.tls.wanted import Wanted

DAY = 86400.0
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "key", "does"),
    [
        # As lego 4.9 says them, of pebble and of Let's Encrypt.
        (
            "Could not create client: get directory at 'https://ca/dir': Get \"https://ca/dir\": "
            "dial tcp 192.0.2.1:443: connect: connection refused",
            "tls.acme.directory",
            "the Docker host has to reach it",
        ),
        (
            "Could not create client: get directory at 'https://ca/dir': Get \"https://ca/dir\": "
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "tls.acme.ca",
            "< root.pem`",
        ),
        (
            "Could not create client: get directory at 'https://ca/dir': Get \"https://ca/dir\": "
            "EOF",
            "tls.acme.directory",
            "the Docker host has to reach it",
        ),
        (
            "the authority did not finish within 300 seconds",
            "tls.acme.directory",
            "has to reach it",
        ),
        (
            "Could not obtain certificates: acme: error: 400 :: POST :: https://ca/order :: "
            "urn:ietf:params:acme:error:rejectedIdentifier :: forbidden by policy",
            "site.domains",
            "take that out of site.domains",
        ),
        (
            "error: one or more domains had a problem: [a.example] acme: error: 400 :: "
            "urn:ietf:params:acme:error:connection :: Get: dial tcp 192.0.2.1:80: refused",
            "site.domains",
            "port 80 from the internet",
        ),
        (
            "[a.example] acme: error: 400 :: urn:ietf:params:acme:error:dns :: NXDOMAIN",
            "site.domains",
            "mend the DNS",
        ),
        (
            "[a.example] acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: Invalid "
            "response: 404",
            "site.domains",
            "mend the DNS",
        ),
        (
            "acme: error: 403 :: urn:ietf:params:acme:error:caa :: CAA record prevents issuance",
            "site.domains",
            "CAA record",
        ),
        (
            "acme: error: 429 :: urn:ietf:params:acme:error:rateLimited :: too many certificates",
            "tls.acme.directory",
            "wait for as long as it says",
        ),
        (
            "urn:ietf:params:acme:error:externalAccountRequired :: binding",
            "tls.acme.directory",
            "choose another",
        ),
        (
            "urn:ietf:params:acme:error:invalidContact :: example.org",
            "tls.acme.email",
            "tls.acme.email you@",
        ),
        ("something else", "tls.acme.directory", "staging"),
    ],
)
def test_an_authoritys_words_lead_to_a_key(said: str, key: str, does: str) -> None:
    found, remedy = cause(said)
    assert found == key
    assert does in remedy


def test_a_refusal_names_key_domains_authority_words_and_remedy() -> None:
    wanted = Wanted(domains=("a.example", "b.example"), directory="https://ca/dir", email="a@b.c")
    assert refusal("urn:ietf:params:acme:error:dns :: NXDOMAIN", wanted).splitlines() == [
        "site.domains: there is no certificate for a.example, b.example: https://ca/dir gave none.",
        "It said: urn:ietf:params:acme:error:dns :: NXDOMAIN",
        "What to do: each of them has to lead here, by every A and AAAA record, and port 80 from "
        "the internet to tls.httpPort of the Docker host: mend the DNS, the firewall or the "
        "router, or take out of site.domains what does not lead here; then run `pulumi up` again. "
        "No visitor was sent anywhere else.",
    ]


def known(*, left: float, failed: bool, life: float = 90 * DAY) -> dict[str, Any]:
    until = NOW.timestamp() + left
    tries = {"since": NOW.timestamp() - DAY, "last": 0.0, "tries": 3, "said": "dial tcp: no"}
    return {
        "issued": {"since": until - life, "until": until},
        "failed": tries if failed else None,
    }


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (known(left=31 * DAY, failed=False), ""),
        # It is at it.
        (known(left=28 * DAY, failed=False), ""),
        (
            known(left=26 * DAY, failed=False),
            "the certificate ends on 2026-12-25, in 26 days, and ",
        ),
        (known(left=26 * DAY, failed=False), "nobody renews it: `docker restart` the edge's"),
        (known(left=60.0, failed=False, life=150), ""),
        (
            known(left=29 * DAY, failed=True),
            "the certificate ends on 2026-12-28, in 29 days, and can't be renewed since "
            "2026-11-28 12:00 UTC, by 3 tries: dial tcp: no. tls.acme.directory: ",
        ),
        (known(left=119.0, failed=True), "ends on 2026-11-29, within a day, and can't"),
        (known(left=-60.0, failed=True), "the certificate ended on 2026-11-29 11:59 UTC and can't"),
        (
            {"issued": None, "failed": known(left=0, failed=True)["failed"]},
            "the certificate is the one from before and can't be renewed since",
        ),
        ({"issued": None, "failed": None}, ""),
        ({}, ""),
    ],
)
def test_a_certificate_is_spoken_of_long_before_its_end(told: dict[str, Any], says: str) -> None:
    said = problem(told, NOW)
    assert says in said
    assert bool(says) == bool(said)
