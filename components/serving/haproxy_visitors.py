"""What the edge's configuration says of visitors: whose word is taken for who they are, and who may
come in. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# More proxies behind each other than these are not looked through.
_HOPS = 3

# What is in front of the edge says last whom it speaks for. Otherwise visitors come to the edge
# themselves, and what they claim is dropped; all of them may have the address of Docker's gateway
# then, by which nobody is told from another.
_KNOWN = """\
  acl known var(txn.known) -m bool
  http-request set-var(txn.known) bool(true) if {trusted}\
{{ req.hdr_ip(X-Forwarded-For,-1) -m found }}
  http-request set-var(txn.visitor) req.hdr_ip(X-Forwarded-For,-1) if known
{hops}  http-request track-sc0 var(txn.visitor) table uploaders if known \
{{ req.body_size gt {memory} }}
  http-request deny deny_status 429 if {{ sc0_conn_cur(uploaders) gt {share} }}
  http-request deny deny_status 429 if known \
{{ var(txn.visitor),table_conn_cur(downloaders) ge {share} }}
"""
_ANSWER = """\
  http-response track-sc2 var(txn.visitor) table downloaders if known content large !streams
  http-response track-sc2 var(txn.visitor) table downloaders if known content !large \
{{ res.body_size gt {answer_memory} }}
"""
_OUTSIDE = """\
  http-request return status 403 content-type text/plain \
string "This site is not open to your address." unless {{ var(txn.visitor) -m ip {addresses} }}
"""
# The application has users of its own, whose names these are not.
_PASSWORD = """\
  http-request auth realm site unless { http_auth(visitors) }
  http-request del-header Authorization
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may come in.

    Attributes:
        addresses: the networks that visitors have to come from; empty for any.
        users: the hash of each one's password, by name; empty asks for none.
    """

    addresses: Sequence[str] = ()
    users: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one visitor may have at once, where visitors are known.

    Attributes:
        memory: bytes of a body above which it is counted.
        answer_memory: bytes of an answer above which it is counted.
        share: how many of either.
    """

    memory: int
    answer_memory: int
    share: int


def parts(
    access: Access, trusted: Sequence[str], limits: Limits, *, is_proxied: bool
) -> dict[str, str]:
    """What the configuration says of this, by the name of its place.

    Args:
        access: who may come in.
        trusted: the networks of proxies whose word is taken for whom they speak for.
        limits: what one visitor may have at once.
        is_proxied: somebody ends TLS in front, and nobody else gets to the edge.
    """
    known = {"memory": limits.memory, "answer_memory": limits.answer_memory, "share": limits.share}
    condition = f"{{ src {' '.join(trusted)} }} " if trusted else ""
    hops = "".join(_further_hops(trusted))
    is_known = bool(trusted) or is_proxied
    said = _KNOWN.format(trusted=condition, hops=hops, **known) if is_known else ""
    return {
        "users": "".join(_users(access.users)),
        "visitor": said,
        "access": "".join(_access(access)),
        "visitor_answer": _ANSWER.format(**known) if is_known else "",
    }


def _further_hops(trusted: Sequence[str]) -> Iterator[str]:
    for hop in range(2, _HOPS + 1) if trusted else ():
        theirs = f"{{ var(txn.visitor) -m ip {' '.join(trusted)} }}"
        before = f"req.hdr_ip(X-Forwarded-For,-{hop})"
        yield f"  http-request set-var(txn.visitor) {before} if known {theirs} "
        yield f"{{ {before} -m found }}\n"


def _users(users: Mapping[str, str]) -> Iterator[str]:
    if users:
        yield "userlist visitors\n"
        yield from (f"  user {name} password {hashed}\n" for name, hashed in sorted(users.items()))
        yield "\n"


def _access(access: Access) -> Iterator[str]:
    if access.addresses:
        yield _OUTSIDE.format(addresses=" ".join(access.addresses))
    if access.users:
        yield _PASSWORD
