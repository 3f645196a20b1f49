"""What is said of a certificate authority that gives no certificate: its words, and what to do."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deploy_runtime.tls.wanted import Wanted

_STAGING = "`pulumi config set --path tls.acme.directory staging -s STACK`"
# The authority's words in the order in which they are looked for (RFC 8555, 6.7, and lego's own).
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        "rateLimited",
        "tls.acme.directory",
        f"wait for as long as it says; {_STAGING} is for tries, which it limits less",
    ),
    (
        "rejectedIdentifier|unsupportedIdentifier|acme:error:caa",
        "site.domains",
        "it issues none for one of them: take that out of site.domains, choose another authority "
        "(tls.acme.directory), or let the CAA record in the DNS name this one",
    ),
    (
        "externalAccountRequired",
        "tls.acme.directory",
        "it wants an account that was made with it before, which this program can't use: choose "
        "another one",
    ),
    (
        "invalidContact|unsupportedContact|invalidEmail|unable to parse email",
        "tls.acme.email",
        "`pulumi config set --path tls.acme.email you@example.org -s STACK`",
    ),
    (
        "acme:error:(connection|dns|unauthorized|incorrectResponse|tls)",
        "site.domains",
        "each of them has to lead here, by every A and AAAA record, and port 80 from the internet "
        "to tls.httpPort of the Docker host: mend the DNS, the firewall or the router, or take out "
        "of site.domains what does not lead here",
    ),
    (
        "x509: ",
        "tls.acme.ca",
        "it is not who it has to be by the roots that are known: "
        "`pulumi config set --path tls.acme.ca -s STACK < root.pem` if it is a company's own, else "
        "correct tls.acme.directory",
    ),
    (
        "get directory|dial tcp|did not finish|no such host|timeout|EOF|connection re",
        "tls.acme.directory",
        "the Docker host has to reach it: look at its network and at the authority's own page of "
        "its state, or `pulumi config set --path tls.acme.directory URL -s STACK`",
    ),
)
_OTHERWISE = ("tls.acme.directory", f"try it with {_STAGING} first; its words say what is wrong")


def cause(said: str) -> tuple[str, str]:
    """The key that an authority's words are about, and what to do."""
    for words, key, remedy in _CAUSES:
        if re.search(words, said):
            return key, remedy
    return _OTHERWISE


def refusal(said: str, wanted: Wanted) -> str:
    """Why an update ends for want of a certificate.

    Args:
        said: the authority's words.
        wanted: the certificate.
    """
    key, remedy = cause(said)
    return (
        f"{key}: there is no certificate for {', '.join(wanted.domains)}: {wanted.directory} "
        f"gave none.\nIt said: {said}\nWhat to do: {remedy}; then run `pulumi up` again. "
        "No visitor was sent anywhere else."
    )


def problem(known: Mapping[str, Any], now: datetime | None = None) -> str:
    """What is said of certificates that the edge gets by itself; "" if all is well.

    Args:
        known: what is kept of them.
        now: the time; that of this machine if it isn't given.
    """
    now = now or datetime.now(UTC)
    issued, failed = known.get("issued"), known.get("failed")
    if failed:
        key, remedy = cause(failed["said"])
        since = _time(failed["since"])
        return (
            f"the certificate {_ends(issued, now)} and can't be renewed since "
            f"{since:%Y-%m-%d %H:%M} UTC, by {failed['tries']} tries: {failed['said']}. {key}: "
            f"{remedy}"
        )
    if issued and _is_late(issued, now):
        return (
            f"the certificate {_ends(issued, now)} and nobody renews it: `docker restart` the "
            "edge's container, whose log says why if it fails again"
        )
    return ""


def _ends(issued: Mapping[str, Any] | None, now: datetime) -> str:
    if not issued:
        return "is the one from before"
    until = _time(issued["until"])
    if until <= now:
        return f"ended on {until:%Y-%m-%d %H:%M} UTC"
    days = (until - now).days
    when = f"in {days} days" if days else "within a day"
    return f"ends on {until:%Y-%m-%d}, {when},"


def _is_late(issued: Mapping[str, Any], now: datetime) -> bool:
    # It is renewed when a third of its life is left, and takes a moment.
    life: float = issued["until"] - issued["since"]
    left = (_time(issued["until"]) - now).total_seconds()
    return left < life * 0.3


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
