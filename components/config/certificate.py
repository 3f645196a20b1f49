"""Would a browser take this certificate, and HAProxy this key? OpenSSL looks, as it will for both.

A server and a client shake hands in memory: the one with certificate and key, the other asking for
each domain. Only the root that it all hangs on is not looked at, which may be a private one.
"""

import re
import ssl
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME: dates are compared here, to be told apart.
_NO_CHECK_TIME = 0x200000
_WRONG_NAME = 62  # its X509_V_ERR_HOSTNAME_MISMATCH
_FLIGHTS = 4  # more than a handshake takes
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")
_NOT_PEM = "is no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
_PROBLEMS = {
    "EE_KEY_TOO_SMALL": "has a key that is too short: 2048 bits of RSA, or a P-256 curve",
    "CA_MD_TOO_WEAK": "is signed with an algorithm that browsers refuse",
}


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate that goes with its key.

    Attributes:
        since: when it begins to be valid.
        until: when it ends.
        uncovered: the domains that were asked for and that it is not made out to.
        names: those that it is made out to.
    """

    since: datetime
    until: datetime
    uncovered: tuple[str, ...]
    names: tuple[str, ...]


class CertificateError(Exception):
    """A certificate, or a key, is no use; the text says why, and shows nothing of it.

    Attributes:
        is_key: it is the key.
    """

    def __init__(self, problem: str, *, is_key: bool = False) -> None:
        super().__init__(problem)
        self.is_key = is_key


def look(certificate: str, key: str, domains: Collection[str]) -> Certificate:
    """Look at a certificate and its key.

    Args:
        certificate: the certificate in PEM, and behind it those that lead to its root.
        key: its private key in PEM.
        domains: whom it has to be made out to; one at least.

    Raises:
        CertificateError: they can't be read, or don't go together.
    """
    leaf = _leaf(certificate)
    server = _server(certificate, key)
    found = {name: _shown(server, leaf, name) for name in domains}
    told = _shown(server, leaf, None)
    return Certificate(
        since=_time(told["notBefore"]),
        until=_time(told["notAfter"]),
        uncovered=tuple(name for name, shown in found.items() if not shown),
        names=tuple(value for _, value in told.get("subjectAltName", ())),
    )


def is_certificate(text: str) -> bool:
    """A text is one certificate in PEM, or several."""
    return bool(_blocks(text))


def check_roots(text: str) -> None:
    """Check that a text is certificates in PEM, and nothing that is secret.

    Raises:
        ValueError: it holds a private key, or no certificate that can be read.
    """
    if _KEY.search(text):
        raise ValueError("holds a private key, which has no business here: give it a new one")
    if not is_certificate(text):
        raise ValueError(_NOT_PEM)


def _blocks(text: str) -> list[str]:
    """The certificates in a text; none where one of them can't be read."""
    blocks = [str(block) for block in _BLOCK.findall(text)]
    try:
        for block in blocks:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=block)
    except ssl.SSLError:
        return []
    return blocks


def _leaf(certificate: str) -> str:
    if _KEY.search(certificate):
        raise CertificateError("holds a private key, too, which belongs into tls.key")
    blocks = _blocks(certificate)
    if not blocks:
        raise CertificateError(_NOT_PEM)
    return blocks[0]


def _server(certificate: str, key: str) -> ssl.SSLContext:
    if not _KEY.search(key):
        raise CertificateError("is no private key in PEM", is_key=True)
    if "ENCRYPTED" in key:
        raise CertificateError(
            "has a password, which nobody could type when the edge starts: `openssl pkey -in "
            "FILE` writes it without one",
            is_key=True,
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        with _unnamed(certificate) as chain, _unnamed(key) as secret:
            context.load_cert_chain(chain, secret, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError("is not the one that tls.key belongs to") from None
        if error.reason in _PROBLEMS:
            raise CertificateError(_PROBLEMS[error.reason]) from None
        raise CertificateError("is no private key in PEM", is_key=True) from None
    return context


@contextmanager
def _unnamed(text: str) -> Iterator[str]:
    """A path by which this process alone can read a text, of a file that has no name."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        stream.seek(0)
        yield f"/dev/fd/{stream.fileno()}"


def _shown(server: ssl.SSLContext, leaf: str, domain: str | None) -> dict[str, Any]:
    """What a client that asks for a domain is shown; nothing if that is another's."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = domain is not None
    client.hostname_checks_common_name = False
    client.load_verify_locations(cadata=leaf)
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(back, there, server_hostname=domain)
    answers = server.wrap_bio(there, back, server_side=True)
    try:
        for _ in range(_FLIGHTS):
            for side in (asks, answers):
                with suppress(ssl.SSLWantReadError):
                    side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _WRONG_NAME:
            return {}
        raise CertificateError(f"is refused by OpenSSL: {error.verify_message}") from None
    return asks.getpeercert() or {}


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
