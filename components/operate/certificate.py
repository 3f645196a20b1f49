"""The certificate that a site's edge ends TLS with, as visitors are shown it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from subprocess import TimeoutExpired
from typing import Any

from ..host.client import docker
from ..inside import EDGE_TLS
from ..serving import acme_words

_PATIENCE = 30.0  # seconds for the edge to say
_SOON = timedelta(days=21)  # as `config/tls_keys.py` has it


def shown(edge: str) -> dict[str, Any] | None:
    """Whom it is made out to, and until when; None if the edge can't say.

    Args:
        edge: the edge's container, which runs.
    """
    try:
        done = docker("exec", edge, "python3", "-m", EDGE_TLS, "show", timeout=_PATIENCE)
        return json.loads(done.stdout) or None if done.returncode == 0 else None
    except (TimeoutExpired, ValueError):
        return None


def problem(found: Mapping[str, Any], now: datetime | None = None) -> str:
    """What is said of one that ends soon, or has ended; "" of any other.

    One that the edge gets by itself is spoken of as soon as it can't be renewed.
    """
    if "renewal" in found:
        return acme_words.problem(found["renewal"], now)
    until = datetime.fromisoformat(found["until"])
    left = until - (now or datetime.now(UTC))
    if left > _SOON:
        return ""
    ends = f"ended on {until:%Y-%m-%d}" if left < timedelta() else f"ends in {left.days} days"
    return (
        f"the certificate {ends}: renew it, then `pulumi config set --secret --path "
        "tls.certificate -s STACK < fullchain.pem`, tls.key likewise, and `pulumi up`"
    )


def as_text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    if "names" not in found:
        return "none is shown yet"
    return f"{', '.join(found['names'])}, until {found['until'][:10]}"
