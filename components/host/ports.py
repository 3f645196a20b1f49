"""TCP ports of this machine: who holds one."""

from collections.abc import Iterable, Mapping

import psutil

_ADDRESSES = ("", "127.0.0.1", "0.0.0.0", "::")


LOOPBACK = "site.port"
"""The key of the port that is wanted on the loopback alone; those of others, on all addresses."""


def taken(key: str, port: int, holder: str) -> str:
    """What is said of a port that is taken.

    Args:
        key: the config key that asks for it.
        port: it.
        holder: what has it, in words.
    """
    where = f"127.0.0.1:{port}" if key == LOOPBACK else f"port {port} of the host"
    # What a port of the system is commonly replaced by: 8443 for 443.
    other = port + 1 if port >= 1024 else port + 8000
    return (
        f"{key} is {port}: {where} is taken by {holder}; "
        f"choose another with `pulumi config set --path {key} {other} -s STACK`, or stop "
        "the holder"
    )


def is_published(
    bindings: Mapping[str, Iterable[Mapping[str, str]] | None], port: int, key: str = LOOPBACK
) -> bool:
    """Whether bindings, as the daemon tells them, take a port that a key asks for.

    What binds the same port on another address alone leaves that of the loopback free.
    """
    found = [b for each in bindings.values() for b in each or () if b["HostPort"] == str(port)]
    return any(key != LOOPBACK or binding["HostIp"] in _ADDRESSES for binding in found)


def holder(port: int, key: str = LOOPBACK) -> str | None:
    """Who listens on a TCP port of this machine that a key asks for, in words.

    None if nobody does, or is seen to.
    """
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        address, listening = connection.laddr
        if listening == port and (key != LOOPBACK or address in _ADDRESSES):
            return _process(connection.pid)
    return None


def _process(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"process {pid}"
