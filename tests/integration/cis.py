"""Section 5 of the CIS Docker Benchmark, on running containers, as `docker inspect` shows them.

The numbers are those of version 1.6.0; docs/hardening.md has a row for each.
"""

from collections.abc import Callable, Mapping
from typing import Any

Attrs = Mapping[str, Any]
_SENSITIVE = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr")


def _host(attrs: Attrs, key: str) -> Any:
    return attrs["HostConfig"].get(key)


def _sources(attrs: Attrs) -> list[str]:
    return [mount["Source"] for mount in attrs["Mounts"] if mount["Type"] == "bind"]


ROWS: Mapping[str, Callable[[Attrs], bool]] = {
    # AppArmor and SELinux are the host's: a container must not be without what that has.
    "5.2": lambda c: "unconfined" not in str(_host(c, "SecurityOpt")),
    "5.4": lambda c: "ALL" in (_host(c, "CapDrop") or ()),
    "5.5": lambda c: not _host(c, "Privileged"),
    "5.6": lambda c: not {*_sources(c)} & {*_SENSITIVE},
    "5.8": lambda c: (
        not any(int(port.partition("/")[0]) < 1024 for port in _host(c, "PortBindings") or {})
    ),
    "5.10": lambda c: _host(c, "NetworkMode") != "host",
    "5.11": lambda c: bool(_host(c, "Memory")),
    "5.12": lambda c: bool(_host(c, "CpuShares") or _host(c, "NanoCpus")),
    "5.13": lambda c: bool(_host(c, "ReadonlyRootfs")),
    "5.14": lambda c: all(
        bind["HostIp"] not in ("", "0.0.0.0", "::")
        for binds in (_host(c, "PortBindings") or {}).values()
        for bind in binds
    ),
    "5.15": lambda c: (
        _host(c, "RestartPolicy")["Name"] in ("", "no")
        or (_host(c, "RestartPolicy")["MaximumRetryCount"] or 9) <= 5
    ),
    "5.16": lambda c: _host(c, "PidMode") != "host",
    "5.17": lambda c: _host(c, "IpcMode") != "host",
    "5.18": lambda c: not _host(c, "Devices"),
    "5.20": lambda c: all(
        mount.get("Propagation") not in ("shared", "rshared") for mount in c["Mounts"]
    ),
    "5.21": lambda c: _host(c, "UTSMode") != "host",
    "5.22": lambda c: "seccomp=unconfined" not in (_host(c, "SecurityOpt") or ()),
    "5.25": lambda c: not _host(c, "CgroupParent"),
    "5.26": lambda c: any("no-new-privileges" in said for said in _host(c, "SecurityOpt") or ()),
    "5.27": lambda c: bool((c["Config"].get("Healthcheck") or {}).get("Test")),
    "5.29": lambda c: (_host(c, "PidsLimit") or 0) > 0,
    "5.30": lambda c: "bridge" not in c["NetworkSettings"]["Networks"],
    "5.31": lambda c: _host(c, "UsernsMode") != "host",
    "5.32": lambda c: not any("docker.sock" in source for source in _sources(c)),
}
"""By the recommendation's number, whether a container meets it."""


def unmet(attrs: Attrs) -> set[str]:
    """The numbers of what a container does not meet.

    Args:
        attrs: what `docker inspect` says of it.
    """
    return {number for number, meets in ROWS.items() if not meets(attrs)}
