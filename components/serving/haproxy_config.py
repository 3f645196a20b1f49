"""The edge's configuration, as HAProxy reads it (configuration manual, 2.6 and later). Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from . import haproxy_tls, haproxy_visitors
from .haproxy_tls import Tls
from .haproxy_visitors import Access, Limits

PORT = 8080
_MEGABYTE = 1024 * 1024
_PAGES = (408, 413, 429, 500, 502, 503, 504)

# Megabytes that each of four may take on the edge's disk: bodies and answers of at most _MIDDLE, of
# which there are many at once, and larger ones, of which there are few.
_SPOOL = 2048
_MIDDLE = 16
_LARGEST_ANSWER = 256  # of one answer; nginx's proxy_max_temp_file_size
_FEWEST = 4
# Bytes that nginx keeps in memory: its client_body_buffer_size, and its proxy_buffers.
_MEMORY = 16384
_ANSWER_MEMORY = 131072
# Bytes of an answer after which its path is asked for behind all others, for an hour, as if _LATER
# milliseconds later: taking many large answers off the application at once is work, too.
_BULK = _MEGABYTE
_LATER = 20000

# A request passes three times: from the public side to the spool (nginx, by
# deploy_runtime/edge/nginx.conf), which has the time that visitors take; from there, whole, to the
# application's side; and from that to a backend. The first two are on sockets that only the edge
# has. What the spool keeps on disk is counted here, four times _SPOOL at most: how many bodies
# there are at once, by size, and how many answers. An answer beyond goes at its visitor's pace.
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
  maxconn 8192
  hard-stop-after 10m
{tls_global}
defaults
  mode http
  log global
  option httplog
  option dontlognull
  option http-ignore-probes
  option disable-h2-upgrade
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
  timeout tunnel 1h
  timeout check 10s
{pages}

resolvers docker
  nameserver embedded 127.0.0.11:53
  hold valid 1s
  hold timeout 1d
  hold refused 1d
  hold other 1d

{users}{plain_http}frontend public
{bind}
  maxconn 4000
{redirected}  http-request return status 411 content-type "text/html; charset=utf-8" \
file /usr/local/share/edge/411.html if {{ req.fhdr_cnt(Transfer-Encoding) gt 0 }}
  http-request deny deny_status 413 if {{ req.body_size gt {max_body} }}
  http-request set-var(txn.visitor) src
{visitor}{access}  http-request del-header _ -m sub
  http-request del-header Forwarded
  http-request del-header X-Forwarded -m beg
  http-request set-header X-Forwarded-For %[var(txn.visitor)]
  http-request set-header X-Real-IP %[var(txn.visitor)]
  http-request set-header X-Forwarded-Proto {scheme}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port {public_port}
  http-request set-header X-Request-ID %[uuid()] unless {{ req.hdr(X-Request-ID) -m found }}
  http-response del-header Server
{strict_transport}{answer}  http-response track-sc1 int(1) table large-answers \
if content large !streams
  http-response track-sc1 int(1) table answers if content !large \
{{ res.body_size gt {answer_memory} }}
{visitor_answer}  use_backend large-uploads if {{ req.body_size gt {middle} }}
  use_backend uploads if {{ req.body_size gt {memory} }}
  default_backend requests

backend requests
  timeout server 400s
  server spool unix@/run/edge/spool.sock

backend uploads
  timeout server 400s
  server spool unix@/run/edge/spool.sock maxconn {uploads}

backend large-uploads
  timeout server 400s
  server spool unix@/run/edge/spool.sock maxconn {large_uploads}

backend answers
  stick-table type integer size 1 store conn_cur

backend large-answers
  stick-table type integer size 1 store conn_cur

backend bulk
  stick-table type string len 128 size 10k expire 1h store gpt0

backend uploaders
  stick-table type ipv6 size 100k expire 1h store conn_cur

backend downloaders
  stick-table type ipv6 size 100k expire 1h store conn_cur

frontend spooled
  bind unix@/run/edge/application.sock mode 600
  option dontlog-normal
{answer}  http-request set-var(txn.asked) path
  http-request set-priority-offset int({later}) if {{ path,table_gpt0(bulk) gt 0 }}
  http-response track-sc1 var(txn.asked) table bulk if content {{ res.body_size gt {bulk} }}
  http-response sc-set-gpt0(1) 1 if content {{ res.body_size gt {bulk} }}
  http-response set-header X-Accel-Buffering no if streams
  http-response set-header X-Accel-Buffering no if large \
{{ int(1),table_conn_cur(large-answers) ge {large_answers} }}
  http-response set-header X-Accel-Buffering no if !large \
{{ int(1),table_conn_cur(answers) ge {uploads} }}
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

# What an answer is, on both sides of the spool.
_ANSWER = """\
  acl content status 200 206
  acl streams res.hdr(Content-Type) -m beg -i text/event-stream application/x-ndjson \
multipart/x-mixed-replace
  acl large res.body_size gt {middle}
  acl large res.hdr_cnt(Content-Length) eq 0
"""


@dataclass(frozen=True, kw_only=True)
class EdgeConfig:
    """What the configuration depends on, besides the servers.

    Attributes:
        origin: the origin that visitors use.
        max_body: the largest request body, in megabytes of 1,048,576 bytes.
        workers: the processes of one backend.
        threads: the threads of one process, each of which handles one request at a time.
        health_path: the path that says whether a backend can serve.
        host: a host name that the application accepts, for the edge's own checks.
        redirects: the origins that visitors of further domains are sent to, by domain.
        tls: how the edge ends TLS; None where it speaks plain http.
        trusted: the networks of proxies whose word is taken for whom they speak for.
        access: who may come in.
    """

    origin: str
    max_body: int
    workers: int
    threads: int
    health_path: str
    host: str
    redirects: Mapping[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    trusted: Sequence[str] = ()
    access: Access = field(default_factory=Access)

    @property
    def capacity(self) -> int:
        """How many requests one backend handles at once; further ones queue in the edge."""
        return self.workers * self.threads


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
    known = {
        "max_body": config.max_body * _MEGABYTE,
        "health_path": config.health_path,
        "host": config.host,
        "answer_memory": _ANSWER_MEMORY,
        "bulk": _BULK,
        "capacity": config.capacity,
        "later": _LATER,
        "id": id_,
        "large_answers": _SPOOL // _LARGEST_ANSWER,
        "large_uploads": max(_FEWEST, _SPOOL // config.max_body),
        "memory": _MEMORY,
        "middle": _MIDDLE * _MEGABYTE,
        "pages": "\n".join(f"  errorfile {n} /usr/local/share/edge/{n}.http" for n in _PAGES),
        "public_port": origin.port or {"http": 80, "https": 443}[origin.scheme],
        "scheme": origin.scheme,
        "uploads": _SPOOL // _MIDDLE,
    }
    about_tls = haproxy_tls.parts(config.tls, config.origin, config.redirects, plain_port=PORT)
    visitors = haproxy_visitors.parts(
        config.access,
        config.trusted,
        Limits(memory=_MEMORY, answer_memory=_ANSWER_MEMORY, share=_SPOOL // _MIDDLE // 4),
        is_proxied=origin.scheme == "https" and config.tls is None,
    )
    return _CONFIG.format_map(
        {**known, **about_tls, **visitors, "answer": _ANSWER.format_map(known)}
    )
