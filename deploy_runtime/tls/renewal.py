"""When the edge asks for a certificate by itself, and what becomes of it.

A certificate is renewed when a third of its life is left, whatever its life is; a try that fails is
repeated sixty times in that third, and hourly at its end. Where there is none yet it is asked for
again after a minute.
"""

import sys
import time
from dataclasses import asdict, replace
from typing import Any

from ..edge import haproxy
from . import certificate, kept, lego
from .kept import Failed, State
from .lego import AcmeError
from .wanted import Wanted

ROUTE = "backend acme"
"""What a configuration says by which HAProxy passes the authority's questions on."""

_LAST_PART = 1 / 3
_TRIES = 60
_MINUTE, _HOUR = 60.0, 3600.0
_LONGEST = 12 * _HOUR
_LOOK = 5.0  # seconds between looks at what is kept, which cost nothing
_TROUBLE = 60.0  # seconds until the next look, where one failed for another reason


def due(state: State) -> float:
    """When the authority is to be asked next, in seconds since 1970.

    Args:
        state: what is known, with what is wanted.
    """
    issued, failed, wanted = state.issued, state.failed, state.wanted
    begin = 0.0
    if issued and wanted and issued.fits(wanted):
        begin = issued.until - issued.life * _LAST_PART
    return max(begin, failed.last + _pause(state, failed)) if failed else begin


def _pause(state: State, failed: Failed) -> float:
    """How long nobody asks after a try that failed, in seconds."""
    if state.issued is None:
        # Authorities count tries that fail, per hour.
        return min(max((failed.last - failed.since) / 4, _MINUTE), _HOUR)
    left = state.issued.until - failed.last if state.is_usable(failed.last) else 0.0
    # The nearer the end, the more often; hourly once nobody gets in.
    often = max(left / 4, _HOUR)
    return min(state.issued.life * _LAST_PART / _TRIES, _LONGEST, often)


def obtain(wanted: Wanted, *, listens: str = lego.ALONE) -> None:
    """Have the certificate that is wanted; the authority is asked if none is kept that is valid.

    Args:
        wanted: it. What was wanted before is forgotten once there is one.
        listens: where the authority's questions arrive.

    Raises:
        AcmeError: there is none. What was kept before still is.
        OSError: it can't be kept.
    """
    with kept.alone():
        before = kept.read()
        # What failed for something else says nothing of this.
        failed = before.failed if before.wanted == wanted else None
        state = replace(before, wanted=wanted, failed=failed)
        if not state.is_usable(time.time()):
            lego.obtain(state, listens=listens)
        elif state != before:
            kept.write(state)


def issue(wanted: Wanted) -> None:
    """The same in the edge that runs, which shows it to visitors.

    An edge that has another certificate, but is not told yet where to send the authority's
    questions, goes on with it; what is wanted is asked for once it is told.

    Raises:
        AcmeError: there is none. Visitors are shown what they were shown before.
        EdgeError: HAProxy does not take it.
        OSError: it can't be kept.
    """
    if is_routed() or not certificate.FILE.exists():
        obtain(wanted, listens=lego.BESIDE_HAPROXY)
    else:
        with kept.alone():
            kept.write(replace(kept.read(), wanted=wanted, failed=None))
    show_visitors()


def is_routed() -> bool:
    """HAProxy's configuration says where the authority's questions go."""
    return haproxy.FILE.exists() and ROUTE in haproxy.FILE.read_text().splitlines()


def show_visitors() -> None:
    """Have HAProxy show what is kept, if it is valid and not what HAProxy has.

    Raises:
        EdgeError: HAProxy does not take it.
    """
    content = _valid()
    if content and _is_news(content):
        certificate.put(content)


def start() -> None:
    """Have HAProxy, which does not run yet, start with what is kept, if it has nothing else.

    What it has may be a given one, for domains of which what is kept knows nothing yet.

    Raises:
        EdgeError: it can't be written.
    """
    if not certificate.FILE.exists() and (content := _valid()):
        certificate.keep(content)


def _valid() -> str:
    """What is kept, if it is what is wanted, and valid; else ""."""
    return kept.certificate() if kept.read().is_usable(time.time()) else ""


def _is_news(content: str) -> bool:
    shown = certificate.FILE.read_text() if certificate.FILE.exists() else ""
    return shown != certificate.plain(content)


def look() -> None:
    """Ask for a certificate if it is time to, and show it to visitors.

    Raises:
        EdgeError: HAProxy does not take it.
        OSError: it can't be kept.
    """
    if not is_routed():
        return
    if _is_due(kept.read()):
        with kept.alone():
            state = kept.read()
            if _is_due(state):
                _renew(state)
    show_visitors()


def _is_due(state: State) -> bool:
    return state.wanted is not None and time.time() >= due(state)


def _renew(state: State) -> None:
    assert state.wanted is not None
    try:
        known = lego.obtain(state, listens=lego.BESIDE_HAPROXY)
    except AcmeError as error:
        now, before = time.time(), state.failed
        since, tries = (before.since, before.tries) if before else (now, 0)
        failed = Failed(since=since, last=now, tries=tries + 1, said=str(error))
        again = replace(state, failed=failed)
        kept.write(again)
        _say(f"{state.wanted.directory} gave none: {error}; the next try is at {_at(due(again))}")
    else:
        assert known.issued is not None
        _say(f"{state.wanted.directory} gave another one, until {_at(known.issued.until)}")


def keep_renewing() -> None:
    """Look again and again, whatever goes wrong; never ends."""
    while True:
        pause = _LOOK
        try:
            look()
        # Nobody begins this again: what went wrong once must not be its end.
        except Exception as error:
            _say(f"renewing went wrong: {error or repr(error)}")
            pause = _TROUBLE
        time.sleep(pause)


def told() -> dict[str, Any] | None:
    """What there is to say of it, as plain data; None where certificates come from elsewhere."""
    state = kept.read()
    if state.wanted is None:
        return None
    parts = {"issued": state.issued, "failed": state.failed}
    return {name: asdict(part) if part else None for name, part in parts.items()}


def _say(text: str) -> None:
    print(f"certificate: {text}", file=sys.stderr, flush=True)


def _at(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
