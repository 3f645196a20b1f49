"""Domains, and the certificate that the edge ends TLS with: what is wrong is said before an up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from components.config import tls_keys
from components.config.messages import ConfigError
from components.config.settings import Settings, load
from tests.certificates import Authority, Issued
from tests.config_keys import raw

GOOD: dict[str, Any] = {"app.path": "example", "app.settings": "site.settings", "data": "create"}
DOMAINS = ["www.example.org", "example.org"]
ENCRYPTED = (("tls", "certificate"), ("tls", "key"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(*DOMAINS)


def parse(**changes: Any) -> Settings:
    given = {**GOOD, **{name.replace("__", "."): value for name, value in changes.items()}}
    return load(raw(given), stack="shop", file="x", encrypted=ENCRYPTED)


def with_tls(issued: Issued, **changes: Any) -> Settings:
    files = {"tls__certificate": issued.certificate, "tls__key": issued.key}
    return parse(**{"tls__mode": "files", "site__domains": DOMAINS, **files, **changes})


def test_by_itself_it_takes_an_address_and_nothing_else() -> None:
    settings = parse(tls__mode="auto", tls__acme__email="a@example.org", site__domains=DOMAINS)
    assert settings.ends_tls
    assert settings.tls.acme.url == "https://acme-v02.api.letsencrypt.org/directory"
    staging = parse(tls__acme__directory="staging")
    assert staging.tls.acme.url == "https://acme-staging-v02.api.letsencrypt.org/directory"
    own = parse(tls__acme__directory="https://ca.example:8443/acme/dir")
    assert own.tls.acme.url == "https://ca.example:8443/acme/dir"
    assert list(tls_keys.warnings(settings)) == []


@pytest.mark.parametrize(
    ("changes", "warns"),
    [
        ({}, False),
        ({"tls__httpPort": 8080}, True),
        ({"tls__httpPort": 8080, "tls__acme__directory": "staging"}, True),
        ({"tls__httpPort": 8080, "tls__acme__directory": "https://ca.example/dir"}, False),
    ],
)
def test_lets_encrypt_asks_port_80(changes: dict[str, Any], warns: bool) -> None:
    auto = {"tls__mode": "auto", "tls__acme__email": "a@example.org", "site__domains": DOMAINS}
    said = list(tls_keys.warnings(parse(**{**auto, **changes})))
    assert bool(said) == warns
    assert all("tls.httpPort is 8080, but Let's Encrypt asks" in line for line in said)


def test_the_root_of_a_companys_authority_is_a_certificate(authority: Authority) -> None:
    root = authority.file.read_text()
    assert parse(tls__acme__ca=root).tls.acme.ca == root


def refusal(settings: Any) -> str:
    with pytest.raises(ConfigError) as error:
        settings()
    return str(error.value)


def test_all_follows_from_the_first_domain() -> None:
    names = ["WWW.example.org", "example.org", "www.example.org"]
    settings = parse(site__domains=names, tls__mode="off")
    assert settings.public_origin == "https://www.example.org"
    assert settings.scheme == "https"
    assert settings.hosts == ("www.example.org", "localhost", "127.0.0.1")
    assert settings.redirects == {"example.org": "https://www.example.org"}
    # What is in front ends TLS: the edge stays where it was.
    assert settings.published == {"site.port": 8080}


def test_where_the_edge_ends_tls_the_world_reaches_it(issued: Issued) -> None:
    settings = with_tls(issued)
    assert settings.public_origin == "https://www.example.org"
    assert settings.published == {"tls.httpPort": 80, "tls.httpsPort": 443}
    settings = with_tls(issued, tls__httpsPort=8443)
    assert settings.public_origin == "https://www.example.org:8443"
    assert settings.redirects == {"example.org": "https://www.example.org:8443"}
    # As where a router in front maps the port.
    settings = with_tls(issued, tls__httpsPort=8443, site__origin="https://www.example.org")
    assert settings.public_origin == "https://www.example.org"
    assert settings.redirects == {"example.org": "https://www.example.org"}


def test_domains_imply_tls_unless_somebody_else_ends_it(issued: Issued) -> None:
    email = {"tls__acme__email": "you@example.org"}
    assert parse().tls_mode == "off"
    assert parse(site__domains=DOMAINS, **email).tls_mode == "auto"
    assert parse(site__domains=DOMAINS, **email).published == {
        "tls.httpPort": 80,
        "tls.httpsPort": 443,
    }
    assert parse(site__domains=DOMAINS, tls__mode="off").tls_mode == "off"
    assert parse(site__domains=DOMAINS, site__edge=False).tls_mode == "off"
    assert with_tls(issued, tls__mode="").tls_mode == "files"
    said = refusal(lambda: parse(site__domains=DOMAINS))
    assert "tls.acme.email is empty, but tls.mode is auto, as it is with site.domains" in said
    assert "`pulumi config set --path tls.mode off -s shop`" in said


def test_without_an_edge_nothing_is_published() -> None:
    assert parse(site__edge=False, site__domains=DOMAINS).published == {}
    assert parse(site__edge=False, site__domains=DOMAINS).port is None


def test_behind_a_shared_edge_it_has_no_port_and_visitors_come_by_the_others(
    issued: Issued,
) -> None:
    settings = with_tls(issued, site__sharedEdge="host", tls__httpsPort=8443)
    assert (settings.published, settings.port) == ({}, 8443)
    assert settings.public_origin == "https://www.example.org:8443"


def test_visitors_go_where_redirects_say() -> None:
    names = ["a.example", "b.example", "c.example", "d.example"]
    redirects = {"b.example": "b.example", "c.example": "b.example"}
    settings = parse(site__domains=names, site__redirects=redirects, tls__mode="off")
    assert settings.redirects == {
        "c.example": "https://b.example",
        "d.example": "https://a.example",
    }
    assert settings.hosts == ("a.example", "localhost", "127.0.0.1", "b.example")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"site__domains": DOMAINS, "site__origin": "https://example.org"},
            "site.origin is https://example.org, but the first of site.domains is www.example.org",
        ),
        (
            {"site__domains": DOMAINS, "site__origin": "http://www.example.org"},
            "site.origin is http://www.example.org, but the first of site.domains",
        ),
        ({"site__domains": ["https://a.example"]}, "must be a name in the DNS such as www."),
        ({"site__domains": ["*.example.org"]}, "must be a name in the DNS such as www."),
        ({"site__domains": ["192.0.2.1"]}, "must be a name in the DNS such as www."),
        (
            {"site__redirects": {"example.org": "www.example.org"}},
            "names example.org, which is none of site.domains: `pulumi config rm --path "
            "'site.redirects[\"example.org\"]' -s shop`",
        ),
        (
            {"site__domains": DOMAINS, "site__redirects": {"www.example.org": "example.org"}},
            "sends visitors away from the first of site.domains",
        ),
        (
            {
                "site__domains": ["a.example", "b.example", "c.example"],
                "site__redirects": {"b.example": "c.example"},
            },
            "sends visitors to c.example, who are sent on from there",
        ),
        (
            {"tls__mode": "auto", "site__domains": DOMAINS},
            "tls.acme.email is empty, but tls.mode is auto: the certificate authority keeps an "
            "account for it: `pulumi config set --path tls.acme.email you@example.org -s shop`",
        ),
        (
            {"tls__mode": "auto", "tls__acme__email": "a@example.org"},
            "site.domains is empty, but tls.mode is auto",
        ),
        ({"tls__acme__email": "Ann <a@example.org>"}, "must be an email address such as you@"),
        ({"tls__acme__email": "../a@example.org"}, "must be an email address such as you@"),
        ({"tls__acme__directory": "http://ca.example/dir"}, "must be production, staging, or the"),
        ({"tls__acme__directory": "https://a@ca.example/"}, "must be production, staging, or the"),
        ({"tls__acme__ca": "root.pem"}, "tls.acme.ca is no certificate in PEM"),
        ({"tls__mode": "files"}, "site.domains is empty, but tls.mode is files"),
        (
            {"tls__mode": "files", "site__domains": DOMAINS, "site__edge": "false"},
            "tls.mode is files, but site.edge is false",
        ),
        (
            {"site__sharedEdge": "host"},
            "site.sharedEdge is host, but tls.mode is off: the shared edge passes https on as it "
            "comes, and ends none: `pulumi config set --path tls.mode auto -s shop`",
        ),
        (
            {"tls__mode": "files", "site__domains": DOMAINS, "tls__httpPort": 443},
            "tls.httpPort is 443, and so is tls.httpsPort",
        ),
        (
            {"tls__mode": "files", "site__domains": DOMAINS},
            "tls.certificate is missing, but tls.mode is files: `pulumi config set --secret --path "
            "tls.certificate -s shop < fullchain.pem`",
        ),
        ({"tls__key": "x"}, "tls.key is set, but tls.mode is off: nothing uses it"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: dict[str, Any], says: str) -> None:
    assert says in refusal(lambda: parse(**changes))


def test_a_certificate_in_plain_text_is_refused(issued: Issued) -> None:
    given = {**GOOD, "tls.certificate": issued.certificate}
    with pytest.raises(ConfigError, match=r"tls\.certificate is in plain text") as error:
        load(raw(given), stack="shop", file="x")
    assert "BEGIN" not in str(error.value)


def test_a_certificate_has_to_go_with_its_key(authority: Authority, issued: Issued) -> None:
    other = authority.issue(*DOMAINS)
    said = refusal(lambda: with_tls(issued, tls__key=other.key))
    assert "tls.certificate is not the one that tls.key belongs to: `pulumi config set" in said
    assert "PRIVATE" not in said


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        ({"begins": -90, "ends": -3}, "tls.certificate ended on "),
        ({"begins": 2, "ends": 60}, "tls.certificate begins on "),
    ],
)
def test_a_certificate_has_to_be_valid_now(
    authority: Authority, dates: dict[str, float], says: str
) -> None:
    issued = authority.issue(*DOMAINS, **dates)  # type: ignore[arg-type]
    assert says in refusal(lambda: with_tls(issued))


def test_a_certificate_has_to_be_made_out_to_every_domain(authority: Authority) -> None:
    issued = authority.issue("www.example.org", "*.example.net")
    said = refusal(lambda: with_tls(issued))
    assert (
        "is not made out to example.org of site.domains, but to www.example.org, *.example.net"
    ) in said
    # A wildcard is for one label, and not for what is above it.
    wild = authority.issue("*.example.org")
    assert with_tls(wild, site__domains=["www.example.org"]).ends_tls
    assert "made out to example.org" in refusal(lambda: with_tls(wild))
    deep = refusal(lambda: with_tls(wild, site__domains=["a.b.example.org"]))
    assert "made out to a.b.example.org" in deep


def test_a_short_key_is_refused(authority: Authority) -> None:
    said = refusal(lambda: with_tls(authority.issue(*DOMAINS, bits=1024)))
    assert "tls.certificate has a key that is too short" in said
    assert with_tls(authority.issue(*DOMAINS, bits=2048)).ends_tls


def test_a_key_with_a_password_is_refused(issued: Issued, tmp_path: Path) -> None:
    words = ["openssl", "pkey", "-aes256", "-passout", "pass:x"]
    locked = run(words, input=issued.key.encode(), capture_output=True, check=True).stdout.decode()
    said = refusal(lambda: with_tls(issued, tls__key=locked))
    assert "tls.key has a password, which nobody could type when the edge starts" in said


@pytest.mark.parametrize("nothing", ["x", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_what_is_no_certificate_is_refused_and_not_shown(issued: Issued, nothing: str) -> None:
    said = refusal(lambda: with_tls(issued, tls__certificate=nothing))
    assert "tls.certificate is no certificate in PEM" in said
    broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"
    for key in ("secret", broken):
        said = refusal(lambda key=key: with_tls(issued, tls__key=key))
        assert "tls.key is no private key in PEM: `pulumi config set --secret" in said
        assert "secret\n" not in said
        assert "c2VjcmV0" not in said
    both = issued.certificate + issued.key
    said = refusal(lambda: with_tls(issued, tls__certificate=both))
    assert "tls.certificate holds a private key, too, which belongs into tls.key" in said
    assert "BEGIN PRIVATE" not in said


def test_a_certificate_that_ends_soon_is_spoken_of(issued: Issued) -> None:
    settings = with_tls(issued)
    assert list(tls_keys.warnings(settings)) == []
    later = datetime.now(UTC) + timedelta(days=50)
    (said,) = tls_keys.warnings(settings, later)
    assert "in 9 days: from then on browsers refuse the site" in said
    assert "`pulumi config set --secret --path tls.key -s STACK < privkey.pem`" in said
    assert list(tls_keys.warnings(parse(), later)) == []
