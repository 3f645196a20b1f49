"""What the edge's configuration says where the edge itself ends TLS, and of further domains. Pure.

Versions and ciphers are the "intermediate" profile of Mozilla's guidelines (5.7).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploy_runtime.tls.wanted import PORT

from ..inside import EDGE_CERTIFICATE, EDGE_HTTPS

HTTP, HTTP_V6, HTTPS, HTTPS_V6 = 8080, 8081, EDGE_HTTPS, 8444
"""Where the edge listens in its container; a port of its own for what comes by IPv6, since the
docker provider can't tell two addresses of one port apart."""

_SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
_CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-CHACHA20-POLY1305",
    )
)
_CURVES = "X25519:prime256v1:secp384r1"

_GLOBAL = f"""\
  ssl-default-bind-ciphersuites {_SUITES}
  ssl-default-bind-ciphers {_CIPHERS}
  ssl-default-bind-curves {_CURVES}
  ssl-default-bind-options prefer-client-ciphers ssl-min-ver TLSv1.2 no-tls-tickets
  tune.ssl.default-dh-param 2048
"""
_BIND = "\n".join(
    f"  bind :{port}{{from_shared}} ssl crt {EDGE_CERTIFICATE} alpn h2,http/1.1"
    for port in (HTTPS, HTTPS_V6)
)
# Whom a shared edge passes on, that says first.
_FROM_SHARED = " accept-proxy"

# By HTTP/2 a body may come without its length and without a word about that: it shows by itself.
# What asks for a tunnel has none.
_UNSAID = "{ req.ver 2.0 } !{ req.hdr(Content-Length) -m found } !{ req.hdr(Upgrade) -m found }"
_LENGTH_REQUIRED = f"""\
  http-request wait-for-body time 20s at-least 1 if {_UNSAID}
  http-request return status 411 content-type "text/html; charset=utf-8" \
file /usr/local/share/edge/411.html if {_UNSAID} {{ req.body_size gt 0 }}
"""
_PLAIN_HTTP = f"""\
frontend plain-http
  bind :{HTTP}{{from_shared}}
  bind :{HTTP_V6}{{from_shared}}
  maxconn 2000
  option dontlog-normal
{{let_in}}{{redirected}}  http-request redirect prefix {{origin}} code 308
{{acme}}
"""
# By ACME a certificate authority asks each domain by plain http, whatever else is sent elsewhere.
# Who answers, lego, is there only while a certificate is asked for.
_ASKED = "{ path_beg /.well-known/acme-challenge/ }"
_LET_IN = f"  http-request allow if {_ASKED}\n"
_ACME = f"""\
  use_backend acme if {_ASKED}

backend acme
  retries 0
  timeout server 10s
  server lego 127.0.0.1:{PORT}
"""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How the edge ends TLS.

    Attributes:
        hsts: seconds for which browsers are told to come by https alone; 0 tells them nothing.
        acme: it gets its certificate by itself.
        shared: visitors are passed on by an edge that sites share.
    """

    hsts: int
    acme: bool = False
    shared: bool = False


def parts(
    tls: Tls | None, origin: str, targets: Mapping[str, str], *, plain_port: int
) -> dict[str, str]:
    """What the configuration says of this, by the name of its place.

    Args:
        tls: how the edge ends TLS; None where it speaks plain http.
        origin: the origin that visitors use.
        targets: the origins that visitors of further domains are sent to, by domain.
        plain_port: where the edge listens without TLS.
    """
    redirected = _redirects(targets)
    if tls is None:
        places = ("tls_global", "plain_http", "strict_transport")
        bind = f"  bind :{plain_port}"
        return {**dict.fromkeys(places, ""), "bind": bind, "redirected": redirected}
    from_shared = _FROM_SHARED if tls.shared else ""
    return {
        "tls_global": _GLOBAL,
        "plain_http": _plain_http(tls, redirected, origin, from_shared),
        "bind": _BIND.format(from_shared=from_shared),
        "redirected": redirected + _LENGTH_REQUIRED,
        "strict_transport": "".join(_strict_transport(tls.hsts)) if tls.hsts else "",
    }


def _plain_http(tls: Tls, redirected: str, origin: str, from_shared: str) -> str:
    let_in, acme = (_LET_IN, _ACME) if tls.acme else ("", "")
    return _PLAIN_HTTP.format(
        redirected=redirected, origin=origin, from_shared=from_shared, let_in=let_in, acme=acme
    )


def _redirects(targets: Mapping[str, str]) -> str:
    lines = (
        f"  http-request redirect prefix {origin} code 308 "
        f"if {{ req.hdr(Host),host_only,lower -m str {domain} }}\n"
        for domain, origin in targets.items()
    )
    return "".join(lines)


def _strict_transport(seconds: int) -> Iterator[str]:
    # A browser heeds it only on a connection without a fault: what it can't verify locks nobody
    # out. That the application has answered by https shows that there is no need of anything else.
    # What the application says of it itself stays.
    worked, fine = "{ var(proc.https_worked) -m bool }", "{ status 200:399 }"
    yield f"  http-response set-var(proc.https_worked) bool(true) if {fine} !{worked}\n"
    unsaid = "!{ res.hdr(Strict-Transport-Security) -m found }"
    header = f'Strict-Transport-Security "max-age={seconds}"'
    yield f"  http-after-response set-header {header} if {worked} {unsaid}\n"
