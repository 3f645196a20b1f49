"""What the keys about domains and TLS may say together.

Each function yields what `Settings` raises: the key to change, what is wrong, and what to do.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from .certificate import Certificate, CertificateError, is_certificate, look
from .keys import TLS_CERTIFICATE, TLS_KEY, AllKeys
from .messages import conflict

SOON = timedelta(days=21)
"""Before its end a certificate is spoken of: a renewed one has been there for a while by then."""

_SET = {
    TLS_CERTIFICATE: "`pulumi config set --secret --path tls.certificate -s STACK < fullchain.pem`",
    TLS_KEY: "`pulumi config set --secret --path tls.key -s STACK < privkey.pem`",
}
_RENEW = f"renew it, then {_SET[TLS_CERTIFICATE]} and {_SET[TLS_KEY]}"


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with the domains, or with what the edge is to end TLS with."""
    yield from _domains(given)
    yield from _mode(given)
    if given.tls_mode == "files":
        yield from _files(given)
    yield from _acme(given)


def warnings(given: AllKeys, now: datetime | None = None) -> Iterator[str]:
    """What is said of a certificate that ends soon, or of how one is asked for."""
    acme, port = given.tls.acme, given.tls.http_port
    if given.tls_mode == "auto" and port != 80 and acme.url != acme.directory:
        yield (
            f"tls.httpPort is {port}, but Let's Encrypt asks each domain on port 80: what is in "
            "front of the host has to send that on, or no certificate is issued"
        )
    if given.tls_mode != "files":
        return
    until = _look(given).until
    left = until - (now or datetime.now(UTC))
    if left <= SOON:
        yield (
            f"{TLS_CERTIFICATE} ends on {until:%Y-%m-%d}, in {left.days} days: from then on "
            f"browsers refuse the site: {_RENEW}"
        )


def _domains(given: AllKeys) -> Iterator[ValueError]:
    site = given.site
    if site.origin and site.domains and not _is_of(site.origin, site.domains[0]):
        yield conflict(
            "site.origin",
            f"is {site.origin}, but the first of site.domains is {site.domains[0]}, by https",
            "`pulumi config rm --path site.origin -s STACK`, or put its name first in site.domains",
        )
    serving = {*site.domains[:1], *(name for name, to in site.redirects.items() if name == to)}
    for name, target in site.redirects.items():
        problem = _redirect(name, target, site.domains, serving)
        if problem:
            where = f'site.redirects["{name}"]'
            yield conflict(where, problem, f"`pulumi config rm --path '{where}' -s STACK`")


def _redirect(name: str, target: str, domains: Sequence[str], serving: Collection[str]) -> str:
    for each in (name, target):
        if each not in domains:
            return f"names {each}, which is none of site.domains"
    if name != target and name == domains[0]:
        return "sends visitors away from the first of site.domains"
    if target not in serving:
        return f"sends visitors to {target}, who are sent on from there"
    return ""


def _is_of(origin: str, domain: str) -> bool:
    return origin == f"https://{domain}" or origin.startswith(f"https://{domain}:")


def _mode(given: AllKeys) -> Iterator[ValueError]:
    mode, off = given.tls_mode, "`pulumi config set --path tls.mode off -s STACK`"
    if mode != "off" and not given.site.edge:
        yield conflict(
            "tls.mode",
            f"is {mode}, but site.edge is false: your own proxy is what visitors talk to",
            f"{off}, or `pulumi config set --path site.edge true -s STACK`",
        )
    if mode != "off" and not given.site.domains:
        yield conflict(
            "site.domains",
            f"is empty, but tls.mode is {mode}: a certificate is made out to names",
            f"`pulumi config set --path 'site.domains[0]' www.example.org -s STACK`, or {off}",
        )
    if mode != "off" and given.tls.http_port == given.tls.https_port:
        yield conflict(
            "tls.httpPort",
            f"is {given.tls.http_port}, and so is tls.httpsPort",
            "`pulumi config set --path tls.httpPort 80 -s STACK`",
        )
    if given.site.shared_edge and mode == "off":
        yield conflict(
            "site.sharedEdge",
            f"is {given.site.shared_edge}, but tls.mode is off: the shared edge passes https on as "
            "it comes, and ends none",
            "`pulumi config set --path tls.mode auto -s STACK`, or "
            "`pulumi config rm --path site.sharedEdge -s STACK`",
        )
    for key, value in ((TLS_CERTIFICATE, given.tls.certificate), (TLS_KEY, given.tls.key)):
        if value is not None and mode != "files":
            yield conflict(
                key,
                f"is set, but tls.mode is {mode}: nothing uses it",
                "`pulumi config set --path tls.mode files -s STACK`, or "
                f"`pulumi config rm --path {key} -s STACK`",
            )


def _files(given: AllKeys) -> Iterator[ValueError]:
    for key, value in ((TLS_CERTIFICATE, given.tls.certificate), (TLS_KEY, given.tls.key)):
        if value is None:
            yield conflict(key, "is missing, but tls.mode is files", _SET[key])
            return
    try:
        found = _look(given)
    except CertificateError as error:
        key = TLS_KEY if error.is_key else TLS_CERTIFICATE
        yield conflict(key, str(error), _SET[key])
        return
    yield from _ill_suited(found, datetime.now(UTC))


def _ill_suited(found: Certificate, now: datetime) -> Iterator[ValueError]:
    if found.until <= now:
        yield conflict(TLS_CERTIFICATE, f"ended on {found.until:%Y-%m-%d}", _RENEW)
    if found.since > now:
        yield conflict(
            TLS_CERTIFICATE,
            f"begins on {found.since:%Y-%m-%d}, by this machine's clock not yet",
            f"look at `date`; if that is right, {_RENEW}",
        )
    if found.uncovered:
        made_out = ", ".join(found.names) or "nobody"
        yield conflict(
            TLS_CERTIFICATE,
            f"is not made out to {', '.join(found.uncovered)} of site.domains, but to {made_out}",
            f"have one made out to all of them, then {_SET[TLS_CERTIFICATE]}; or take what it "
            "lacks out of site.domains",
        )


def _acme(given: AllKeys) -> Iterator[ValueError]:
    acme, mode = given.tls.acme, given.tls_mode
    if mode == "auto" and not acme.email:
        yield conflict(
            "tls.acme.email",
            f"is empty, but tls.mode is auto{_implied(given)}: the certificate authority keeps an "
            "account for it",
            "`pulumi config set --path tls.acme.email you@example.org -s STACK`; or where a proxy "
            "of yours ends TLS in front, `pulumi config set --path tls.mode off -s STACK`",
        )
    if acme.ca and not is_certificate(acme.ca):
        yield conflict(
            "tls.acme.ca",
            "is no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----",
            "`pulumi config set --path tls.acme.ca -s STACK < root.pem`, or "
            "`pulumi config rm --path tls.acme.ca -s STACK`",
        )


def _implied(given: AllKeys) -> str:
    return "" if given.tls.mode else ", as it is with site.domains"


def _look(given: AllKeys) -> Certificate:
    certificate, key = given.tls.certificate, given.tls.key
    assert certificate is not None
    assert key is not None
    domains = given.site.domains
    return look(certificate.get_secret_value(), key.get_secret_value(), domains)
