"""TCP ports of this machine: who holds one."""

from collections.abc import Iterable, Mapping

import psutil

_ADDRESSES = ("", "127.0.0.1", "0.0.0.0", "::")


def taken(port: int, holder: str) -> str:
    """What is said of a port that is taken."""
    return (
        f"site.port is {port}: 127.0.0.1:{port} is taken by {holder}; "
        f"choose another with `pulumi config set --path site.port {port + 1} -s STACK`, or stop "
        "the holder"
    )


def is_published(bindings: Mapping[str, Iterable[Mapping[str, str]] | None], port: int) -> bool:
    """Whether bindings, as the daemon tells them, take a port on the loopback.

    What binds the same port on another address alone leaves it free.
    """
    found = [b for each in bindings.values() for b in each or () if b["HostPort"] == str(port)]
    return any(binding["HostIp"] in _ADDRESSES for binding in found)


def holder(port: int) -> str | None:
    """Who listens on a TCP port of this machine, in words; None if nobody does, or is seen to."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        address, listening = connection.laddr
        if listening == port and address in _ADDRESSES:
            return _process(connection.pid)
    return None


def _process(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"process {pid}"
