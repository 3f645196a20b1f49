"""Where requests go: servers are let in and sent home while HAProxy runs.

A visitor's open connection goes on to the next release, since the process that holds it stays.
Only a change of anything but the servers is a reload. The file says at any time what is in force,
for an edge that starts again.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from . import haproxy
from .haproxy import PAUSE, EdgeError, Slot, order, slots
from .slots import identity, idle_seconds, servers, with_slots, without_servers

DEADLINE = 30.0  # seconds until new servers have to be up


def apply(config: str) -> None:
    """Let the servers that a configuration lists take new requests, and no others.

    Raises:
        EdgeError: HAProxy refuses the configuration, or does not see a new server up in time. What
            was in force still is.
    """
    wanted = servers(config)
    before = haproxy.FILE.read_text()
    haproxy.check(with_slots(config, _first_slots(wanted.values())))
    reloaded = identity(config) != haproxy.running()
    if reloaded:
        # Those that serve go on in the new worker until the new ones are up.
        port = next(iter(wanted.values())).rpartition(":")[2]
        used = _first_slots(f"{s.server}:{port}" for s in slots().values() if s.in_use)
        # How new ones are checked, as by a path that they bring, says nothing of those that go.
        going = {slot for slot, address in used.items() if address not in wanted.values()}
        haproxy.reload(with_slots(config, used, unchecked=going), identity(config))
    serving = {slot.name for slot in slots().values() if slot.in_use}
    try:
        admitted = _admit(wanted)
        haproxy.put(with_slots(config, {slot: wanted[name] for slot, name in admitted.items()}))
    except EdgeError:
        if reloaded:
            haproxy.reload(before, identity(before))
        else:
            new = [slot.name for slot in slots().values() if slot.in_use]
            _order_all([name for name in new if name not in serving], "state maint")
        raise
    _dismiss(config, keep=admitted)


def maintenance() -> None:
    """Let no server take new requests; those in flight end where they are."""
    config = haproxy.FILE.read_text()
    forget()
    _dismiss(config, keep=())


def forget() -> None:
    """Have an edge that starts again start with no server.

    Raises:
        EdgeError: its configuration can't be written.
    """
    haproxy.put(without_servers(haproxy.FILE.read_text()))


def show() -> dict[str, object]:
    """What is in force."""
    used = [slot for slot in slots().values() if slot.state != "maintenance"]
    return {
        "configuration": haproxy.running(),
        "maintenance": not any(slot.in_use for slot in used),
        "servers": [{"name": s.server, "address": s.address, "state": s.state} for s in used],
    }


def _first_slots(addresses: Iterable[str]) -> dict[str, str]:
    return {f"slot{number}": address for number, address in enumerate(addresses, 1)}


def _admit(wanted: Collection[str]) -> dict[str, str]:
    """Give each server a slot, and requests once the edge's own checks of it have passed."""
    there = slots().values()
    kept = {slot.name: slot.server for slot in there if slot.in_use and slot.server in wanted}
    missing = [name for name in wanted if name not in kept.values()]
    free = [slot.name for slot in there if not slot.in_use and slot.checked]
    if len(free) < len(missing):
        raise EdgeError(f"{len(missing)} servers are new, but only {len(free)} slots are free")
    new = dict(zip(free, missing, strict=False))
    try:
        _prove(new)
    except EdgeError:
        _order_all(new, "state maint")
        raise
    _order_all(new, "state ready")
    return kept | new


def _prove(new: Mapping[str, str]) -> None:
    # A draining server is checked, but takes no requests.
    _order_all(new, "state drain")
    for slot, name in new.items():
        order(slot, f"fqdn {name}")
    _until(new, "it has no address", lambda slot: slot.address in haproxy.resolve(slot.server))
    # Whatever was known of a slot's former server: only a check makes it up again.
    _order_all(new, "health down")
    _until(new, "its check fails", lambda slot: slot.up)


def _until(new: Mapping[str, str], why: str, met: Callable[[Slot], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while missing := [
        slot
        for slot in slots().values()
        if slot.name in new and not (slot.server == new[slot.name] and met(slot))
    ]:
        if time.monotonic() > deadline:
            slot = missing[0]
            said = f"{why} ({haproxy.last_check(slot.name)})"
            raise EdgeError(f"{new[slot.name]} is not up within {DEADLINE:.0f} s: {said}")
        time.sleep(PAUSE)


def _dismiss(config: str, *, keep: Collection[str]) -> None:
    """Send no new requests to any other slot; what is in flight there ends by itself."""
    others = [s.name for s in slots().values() if s.state != "maintenance" and s.name not in keep]
    _order_all(others, "state maint")
    if others:
        _outlast_old_workers(config)


def _outlast_old_workers(config: str) -> None:
    # HAProxy takes no orders for a worker that a reload has replaced: what comes on that one's open
    # connections would go to servers that are about to be stopped. It closes idle ones by itself.
    deadline = time.monotonic() + idle_seconds(config) + 1
    while haproxy.workers()[1] and time.monotonic() < deadline:
        time.sleep(PAUSE)


def _order_all(names: Collection[str], what: str) -> None:
    for name in names:
        order(name, what)
