"""The slots that HAProxy has for servers, in the text of its configuration. Pure functions.

A program hands the text over with the servers that are to serve, each as ``server NAME NAME:PORT``;
HAProxy gets a fixed number of slots in their place, which can be filled and emptied while it runs.
"""

import re
from collections.abc import Collection, Mapping

# Three times as many as there can be replicas: those that serve, those that come, and those that
# went without being checked, whose slots are free again after the next reload.
SLOTS = 48

_SERVER = re.compile(r"^ *server (\S+) (\1:\d+)$", re.MULTILINE)
_SLOT = re.compile(r"^ *server (slot\d+) .*$", re.MULTILINE)
_ID = re.compile(r"^ *description (\S+)$", re.MULTILINE)
_IDLE = re.compile(r"^ *timeout http-(?:keep-alive|request) (\d+)s$", re.MULTILINE)


def servers(config: str) -> dict[str, str]:
    """The servers that a configuration lists: ``NAME:PORT`` by name."""
    return dict(_SERVER.findall(config))


def identity(config: str) -> str:
    """What a configuration calls itself, whatever servers it lists."""
    found = _ID.search(config)
    return found[1] if found else ""


def idle_seconds(config: str) -> int:
    """How long a connection may be open without a request in flight."""
    return max((int(seconds) for seconds in _IDLE.findall(config)), default=0)


def with_slots(config: str, used: Mapping[str, str], *, unchecked: Collection[str] = ()) -> str:
    """A configuration with slots in place of its servers.

    Args:
        config: the text, whose servers are in its last section.
        used: ``NAME:PORT`` by slot, for each slot that takes requests.
        unchecked: the slots among them whose servers are taken for well.
    """
    names = (f"slot{number}" for number in range(1, SLOTS + 1))
    lines = [
        f"  server {slot} {used[slot]}{' no-check' if slot in unchecked else ''}"
        if slot in used
        else _free(slot)
        for slot in names
    ]
    return "\n".join([_SERVER.sub("", config).rstrip(), *lines, ""])


def without_servers(config: str) -> str:
    """A configuration with all slots free."""
    return _SLOT.sub(lambda slot: _free(slot[1]), config)


def _free(slot: str) -> str:
    return f"  server {slot} 127.0.0.1:8000 disabled"
