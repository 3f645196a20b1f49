"""Which domains lead to which site's edge: a file, and what the HAProxy that runs has of it.

All of it is exchanged at once: "prepare map", "add map" and "commit map" of HAProxy's management
guide. Connections that are open go on.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..edge import haproxy
from ..edge.haproxy import EdgeError

FILE = Path("/var/lib/shared/sites.map")
"""A line for each domain: it, and the container of its site's edge. HAProxy starts with it."""
ASKED = "asked.map"
"""Beside it, the same of domains that a certificate is asked for: who answers the authority."""

_AT_ONCE = 40
"""Lines that HAProxy is told at once: it takes what fits into one buffer of 16 kB."""
_VERSION = re.compile(r"version created: (\d+)")


def known() -> dict[str, str]:
    """The container of each domain's edge, by domain."""
    return _read(FILE)


def put(edge: str, domains: Sequence[str]) -> None:
    """Have visitors of these domains, and of no other, passed on to a site's edge.

    Args:
        edge: that edge's container.
        domains: names in the DNS.

    Raises:
        EdgeError: another site has one of them, or HAProxy doesn't take it. All is as it was then.
    """
    with _alone():
        before = known()
        _refuse_others(before, edge, domains)
        _exchange(FILE, before, {**_without(before, edge), **dict.fromkeys(domains, edge)})


def add(edge: str, domains: Sequence[str]) -> None:
    """Have visitors of further domains passed on to a site's edge that has some already.

    Raises:
        EdgeError: as `put`.
    """
    with _alone():
        before = known()
        _refuse_others(before, edge, domains)
        if edge in before.values():
            _exchange(FILE, before, {**before, **dict.fromkeys(domains, edge)})


def remove(edge: str) -> None:
    """Let nobody in any more who asks for a domain of a site.

    Raises:
        EdgeError: HAProxy doesn't take it. All is as it was then.
    """
    with _alone():
        before = known()
        _exchange(FILE, before, _without(before, edge))


def forget(edge: str) -> None:
    """Have a shared edge that starts again start without a site.

    Raises:
        EdgeError: the file can't be written.
    """
    with _alone():
        _write(FILE, _without(known(), edge))


def ask(container: str, edge: str, domains: Sequence[str]) -> None:
    """Have a certificate authority that asks for these domains answered by a container.

    Args:
        container: it; as long as it is there.
        edge: the container of the edge of the site that they are to be of.
        domains: names in the DNS.

    Raises:
        EdgeError: as `put`.
    """
    with _alone():
        _refuse_others(known(), edge, domains)
        file = FILE.with_name(ASKED)
        before = _read(file)
        now = {**_without(before, container), **dict.fromkeys(domains, container)}
        _exchange(file, before, now)


def answered(container: str) -> None:
    """Have it answer no authority any more.

    Raises:
        EdgeError: as `remove`.
    """
    with _alone():
        file = FILE.with_name(ASKED)
        before = _read(file)
        _exchange(file, before, _without(before, container))


def _refuse_others(entries: Mapping[str, str], edge: str, domains: Sequence[str]) -> None:
    taken = {name: entries[name] for name in domains if entries.get(name, edge) != edge}
    if taken:
        said = ", ".join(f"{name} leads to {other}" for name, other in taken.items())
        raise EdgeError(f"{said} already, which is another site's")


def _without(entries: Mapping[str, str], container: str) -> dict[str, str]:
    return {name: other for name, other in entries.items() if other != container}


@contextmanager
def _alone() -> Iterator[None]:
    with (FILE.parent / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _exchange(file: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    _write(file, now)
    try:
        _tell(file, now)
    except EdgeError:
        _write(file, before)
        raise


def _tell(file: Path, entries: Mapping[str, str]) -> None:
    said = haproxy.ask(f"@1 prepare map {file}")
    made = _VERSION.search(said)
    if made is None:
        raise EdgeError(f"HAProxy takes no other sites: {said.strip()}")
    lines = _lines(entries)
    for first in range(0, len(lines), _AT_ONCE):
        _order(f"add map @{made[1]} {file} <<\n{''.join(lines[first : first + _AT_ONCE])}")
    _order(f"commit map @{made[1]} {file}")


def _order(what: str) -> None:
    said = haproxy.ask(f"@1 {what}").strip()
    if said:
        raise EdgeError(f"HAProxy refuses other sites: {said}")


def _lines(entries: Mapping[str, str]) -> list[str]:
    return [f"{name} {container}\n" for name, container in sorted(entries.items())]


def _read(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return dict(line.split(maxsplit=1) for line in text.splitlines() if line.strip())


def _write(file: Path, entries: Mapping[str, str]) -> None:
    new = file.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as stream:
            stream.writelines(_lines(entries))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    except OSError as error:
        raise EdgeError(f"{file} can't be written: {error.strerror}") from None
