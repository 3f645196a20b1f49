"""The edge's configuration, as HAProxy reads it (configuration manual, 2.6 and later). Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

PORT = 8080
_MEGABYTE = 1024 * 1024
_PAGES = (408, 413, 500, 502, 503, 504)

# A connection that is refused is tried again, on another backend if there is one: nothing had been
# sent. Anything later is not repeated, since a POST may have been carried out. Each request has a
# connection of its own to the backend: on one that is kept, it could meet gunicorn hanging up.
# The tries, a second apart, and the checks outlast a backend that restarts: its visitors wait.
# A slot that is free may know a container that another slot is to get: they share its address.
# A check may wait for a thread as long as requests do: a busy backend is not a dead one.
_CONFIG = """\
global
  log stdout format raw daemon info
  description {id}
  maxconn 4096
  hard-stop-after 10m

defaults
  mode http
  log global
  option httplog
  option dontlognull
  option http-ignore-probes
  option disable-h2-upgrade
  option http-buffer-request
  option http-server-close
  option idle-close-on-response
  option redispatch 1
  retries 5
  retry-on conn-failure
  timeout http-request 20s
  timeout http-keep-alive 20s
  timeout client 60s
  timeout connect 2s
  timeout queue 30s
  timeout server 300s
  timeout check 10s
{pages}

resolvers docker
  nameserver embedded 127.0.0.11:53
  hold valid 1s
  hold timeout 1d
  hold refused 1d
  hold other 1d

frontend public
  bind :{port}
  http-request return status 411 content-type "text/html; charset=utf-8" \
file /usr/local/share/edge/411.html if {{ req.fhdr_cnt(Transfer-Encoding) gt 0 }}
  http-request deny deny_status 413 if {{ req.body_size gt {max_body} }}
  http-request set-var(txn.visitor) src
{visitor}  http-request del-header _ -m sub
  http-request del-header Forwarded
  http-request del-header X-Forwarded -m beg
  http-request set-header X-Forwarded-For %[var(txn.visitor)]
  http-request set-header X-Real-IP %[var(txn.visitor)]
  http-request set-header X-Forwarded-Proto {scheme}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port {public_port}
  http-request set-header X-Request-ID %[uuid()] unless {{ req.hdr(X-Request-ID) -m found }}
  http-response del-header Server
  default_backend application

backend application
  balance leastconn
  option abortonclose
  option httpchk
  http-check send meth GET uri {health_path} ver HTTP/1.1 hdr Host {host} \
hdr X-Forwarded-Proto {scheme}
  http-check expect status 200-399
  default-server maxconn {capacity} check inter 1s downinter 500ms fall 5 rise 1
  default-server init-addr libc,none resolvers docker resolve-prefer ipv4 \
resolve-opts allow-dup-ip
"""

# Only what is in front of the edge speaks https, and it says last whom it speaks for. Over plain
# http, visitors come to the edge themselves, and what they claim is dropped.
_VISITOR = {
    "http": "",
    "https": """\
  http-request set-var(txn.visitor) req.hdr_ip(X-Forwarded-For,-1) \
if { req.hdr_ip(X-Forwarded-For,-1) -m found }
""",
}


@dataclass(frozen=True, kw_only=True)
class EdgeConfig:
    """What the configuration depends on, besides the servers.

    Attributes:
        origin: the origin that visitors use.
        max_body: the largest request body, in megabytes of 1,048,576 bytes.
        capacity: how many requests one backend handles at once; further ones queue in the edge.
        health_path: the path that says whether a backend can serve.
        host: a host name that the application accepts, for the edge's own checks.
    """

    origin: str
    max_body: int
    capacity: int
    health_path: str
    host: str


def render(config: EdgeConfig, backends: Sequence[str], port: int) -> str:
    """The configuration, with these servers in its last section.

    Args:
        config: what else it depends on.
        backends: names of containers that have passed their gate.
        port: the port on which they listen.
    """
    servers = "".join(f"  server {name} {name}:{port}\n" for name in backends)
    return _text(config, configuration_id(config)) + servers


def configuration_id(config: EdgeConfig) -> str:
    """What the edge calls this configuration; other servers do not make it another one."""
    return hashlib.sha256(_text(config, "").encode()).hexdigest()[:16]


def _text(config: EdgeConfig, id_: str) -> str:
    origin = urlsplit(config.origin)
    return _CONFIG.format(
        **{
            **asdict(config),
            "id": id_,
            "max_body": config.max_body * _MEGABYTE,
            "pages": "\n".join(f"  errorfile {n} /usr/local/share/edge/{n}.http" for n in _PAGES),
            "port": PORT,
            "public_port": origin.port or {"http": 80, "https": 443}[origin.scheme],
            "scheme": origin.scheme,
            "visitor": _VISITOR[origin.scheme],
        }
    )
