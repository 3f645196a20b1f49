"""The HAProxy that runs beside this: asked and ordered through its master process's socket.

Commands and answers are those of HAProxy's management guide: "show servers state", "set server",
and the master CLI's "show proc" and "reload".
"""

import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/var/lib/edge")
FILE = FOLDER / "haproxy.cfg"
BACKEND = "application"
REACHABLE = 10.0  # seconds until HAProxy has to answer, and to take a configuration
PAUSE = 0.05
SOCKET = "/run/edge/master.sock"

_UPLOADS = ("uploads", "large-uploads")
_SPOOL = ("requests", *_UPLOADS)
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}

# HAProxy's SRV_ADMF_*: maintenance asked for or inherited, draining, a name without an address.
_MAINTENANCE, _DRAINING, _UNRESOLVED = 0x03, 0x18, 0x20
# HAProxy's CHK_ST_CONFIGURED.
_CONFIGURED = 0x02


class EdgeError(Exception):
    """What was asked for is not in force; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place for a server, as HAProxy sees it.

    Attributes:
        name: its own name, such as ``slot1``.
        server: the server's host name; "" for none.
        address: the server's IP address.
        flags: its administrative state.
        up: its checks pass, or it has none.
        checked: whatever server it gets will be checked.
    """

    name: str
    server: str
    address: str
    flags: int
    up: bool
    checked: bool = True

    @property
    def state(self) -> str:
        """``ready``, ``down``, ``draining`` or ``maintenance``."""
        if self.flags & _MAINTENANCE:
            return "maintenance"
        if self.flags & _DRAINING:
            return "draining"
        return "ready" if self.up and not self.flags & _UNRESOLVED else "down"

    @property
    def in_use(self) -> bool:
        """It takes requests, or will once its checks pass."""
        return self.state in ("ready", "down")


def slots() -> dict[str, Slot]:
    """The slots of the worker that accepts connections, by name."""
    lines = ask(f"@1 show servers state {BACKEND}").splitlines()
    head = next((line.split()[1:] for line in lines if line.startswith("# ")), [])
    rows = [dict(zip(head, x.split(), strict=False)) for x in lines[2:] if x.strip()]
    found = (
        Slot(
            name=row["srv_name"],
            server=row["srv_fqdn"].removeprefix("-"),
            address=row["srv_addr"],
            flags=int(row["srv_admin_state"]),
            up=int(row["srv_op_state"]) == 2,
            checked=bool(int(row["srv_check_state"]) & _CONFIGURED),
        )
        for row in rows
    )
    return {slot.name: slot for slot in found}


def order(slot: str, what: str) -> None:
    """Have the worker that accepts connections change a slot.

    Raises:
        EdgeError: it won't.
    """
    said = ask(f"@1 set server {BACKEND}/{slot} {what}").strip()
    if said and not what.startswith("fqdn"):
        raise EdgeError(f"HAProxy refuses to set {slot} to {what}: {said}")


def last_check(slot: str) -> str:
    """What a slot's last check found, such as ``L4CON Connection refused``."""
    head, *rows = ask(f"@1 show stat {BACKEND} 4 -1").removeprefix("# ").splitlines() or [""]
    for row in rows:
        cells = dict(zip(head.split(","), row.split(","), strict=False))
        if cells.get("svname") == slot:
            return f"{cells.get('check_status', '')} {cells.get('last_chk', '')}".strip()
    return ""


def close(frontend: str) -> None:
    """Let the worker take no more connections there; those that are open go on."""
    ask(f"@1 disable frontend {frontend}")


def in_flight() -> int:
    """How many requests are on their way through the spool."""
    return sum(int(row["scur"] or 0) for row in _spoolers())


def end_uploads(seconds: int) -> None:
    """End each request whose body has been on its way for longer than that."""
    for line in ask("@1 show sess").splitlines():
        session, _, said = line.partition(": ")
        found = dict(word.partition("=")[::2] for word in said.split())
        if found.get("be") in _UPLOADS and _seconds(found.get("age", "")) > seconds:
            ask(f"@1 shutdown session {session}")


def _spoolers() -> list[dict[str, str]]:
    """What HAProxy counts of the backends that are the spool."""
    head, *rows = ask("@1 show stat").removeprefix("# ").splitlines() or [""]
    found = (dict(zip(head.split(","), row.split(","), strict=False)) for row in rows)
    return [row for row in found if row.get("svname") == "BACKEND" and row["pxname"] in _SPOOL]


def _seconds(age: str) -> int:
    """An age as HAProxy writes it, such as ``1h2m`` or ``59s``."""
    return sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([dhms])", age))


def running() -> str:
    """What the configuration in force calls itself: its `description`."""
    lines = ask("@1 show info").splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("description: ")), "")


def workers() -> tuple[str, list[str]]:
    """The process id of the worker that accepts connections, and of those that it replaced."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in ask("show proc").splitlines():
        words = line.split()
        if line.startswith("# "):
            section = line.removeprefix("# ").strip()
        elif words[1:2] == ["worker"]:
            found.setdefault(section, []).append(words[0])
    return next(iter(found.get("workers", [])), ""), found.get("old workers", [])


def check(config: str) -> None:
    """Have HAProxy judge a configuration, without using it.

    Raises:
        EdgeError: with what is wrong with it.
    """
    file = FOLDER / "haproxy.cfg.new"
    file.write_text(config)
    words = ["haproxy", "-c", "-f", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if not line.startswith("[NOTICE]")]
        raise EdgeError("\n".join(["HAProxy refuses the configuration:", *said]))


def put(config: str) -> None:
    """Have an edge that starts again start with a configuration.

    Raises:
        EdgeError: it can't be written.
    """
    file = FOLDER / "haproxy.cfg.new"
    try:
        with file.open("w") as stream:
            stream.write(config)
            stream.flush()
            # An empty file would be all that a host finds after its power failed.
            os.fsync(stream.fileno())
        file.replace(FILE)
    except OSError as error:
        raise EdgeError(f"{FILE} can't be written: {error.strerror}") from None


def reload(config: str, identity: str) -> None:
    """Let a new worker with another configuration accept connections, and the old one finish.

    Raises:
        EdgeError: the new worker does not come.
    """
    put(config)
    before = workers()[0]
    ask("reload")
    deadline = time.monotonic() + REACHABLE
    while workers()[0] in ("", before) or running() != identity:
        if time.monotonic() > deadline:
            raise EdgeError(f"HAProxy did not take its new configuration in {REACHABLE:.0f} s")
        time.sleep(PAUSE)


def resolve(name: str) -> set[str]:
    """The IPv4 addresses of a name; none if it isn't known."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        return set()
    return {str(entry[4][0]) for entry in found}


def ask(command: str) -> str:
    """Send a command to HAProxy's master process; returns its answer.

    Raises:
        EdgeError: there is none.
    """
    deadline = time.monotonic() + REACHABLE
    while True:
        try:
            return _ask(command)
        except OSError as error:
            if time.monotonic() > deadline:
                raise EdgeError(f"HAProxy does not answer: {error}") from None
            time.sleep(PAUSE)


def _ask(command: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(REACHABLE)
        connection.connect(SOCKET)
        connection.sendall(f"{command}\n".encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
