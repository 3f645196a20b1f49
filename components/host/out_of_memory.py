"""Who was killed for taking more memory than there was, and what to do about it."""

import re
import subprocess
from collections.abc import Mapping
from typing import Any

from ..place import ONE_OFF
from .client import docker, inspect

KEYS = {
    "backend": "processes.memory",
    ONE_OFF: "processes.memory",
    "edge": "site.edgeMemory",
    "postgres": "database.memory",
}
"""The config key that bounds the memory of a container, by what that is in the deployment."""
_PATIENCE = 10.0
# Of the second and the first version of control groups.
_COUNTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def explain(container: str, key: str, megabytes: int | None = None) -> str:
    """That something in a container was killed for its memory, and what to do; "" if nothing was.

    The daemon remembers it for some minutes, also of a container that is gone.

    Args:
        container: its name.
        key: the config key that bounds its memory.
        megabytes: how many it may take, 0 for no limit; None asks the daemon.
    """
    filters = ("--filter", "event=create", "--filter", "event=oom")
    words = ("--since", "24h", "--until", "0s", "--filter", f"container={container}", *filters)
    done = docker("events", *words, "--format", "{{.Action}}")
    # There may have been others of that name before.
    since = done.stdout.decode(errors="replace").rpartition("create")[2]
    state = inspect(container) if megabytes is None else None
    if "oom" not in since and not _ended_so(state or {}):
        return ""
    return remedy(key, _limit(state or {}) if megabytes is None else megabytes)


def remedy(key: str, megabytes: int) -> str:
    """What is said of somebody who was killed for memory.

    Args:
        key: the config key that bounds it.
        megabytes: what that says; 0 for no limit.
    """
    if not megabytes:
        return (
            "it was killed since the Docker host has no memory left: give that more, or let what "
            f"runs there take less ({key} bounds it)"
        )
    return (
        f"it was killed for taking more memory than {key} allows, {megabytes} MB: "
        f"`pulumi config set --path {key} {2 * megabytes} -s STACK`, or let it take less"
    )


def kills(state: Mapping[str, Any]) -> int:
    """How many processes of a container were killed for memory since it was started last.

    Args:
        state: what the daemon knows of it.
    """
    if not state["State"].get("Running"):
        return int(_ended_so(state))
    name = state["Name"].removeprefix("/")
    try:
        said = docker("exec", name, "cat", *_COUNTS, timeout=_PATIENCE).stdout.decode()
    except subprocess.TimeoutExpired:
        return int(_ended_so(state))
    found = re.search(r"^oom_kill (\d+)$", said, re.MULTILINE)
    return max(int(found[1]) if found else 0, int(_ended_so(state)))


def problem(state: Mapping[str, Any], role: str) -> str:
    """What is to be said of a container in which somebody was killed for memory; "" if nobody was.

    Args:
        state: what the daemon knows of it.
        role: what it is in the deployment.
    """
    if not kills(state):
        return ""
    name = state["Name"].removeprefix("/")
    return f"{name} ran out of memory: {remedy(KEYS[role], _limit(state))}"


def _ended_so(state: Mapping[str, Any]) -> bool:
    return bool(state.get("State", {}).get("OOMKilled"))


def _limit(state: Mapping[str, Any]) -> int:
    return int(state.get("HostConfig", {}).get("Memory") or 0) // 1024**2
