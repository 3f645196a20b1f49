"""What is wrong with a Docker host and a site on it: `python3 -m components.operate.doctor NAME`.

Each line says what was looked at, what was found, and where something is wrong the command that
mends it. Nothing is changed.
"""

import argparse
import json
import re
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..host import reach
from ..host.client import docker
from ..host.what_serves import serving_containers
from ..own_commands import run_module, typed
from ..place import DEPLOYMENT, Place
from ..text_table import text_table
from . import command, site, status

OLDEST = (20, 10)
"""The oldest Docker Engine that this program's commands work with."""
_ROOM = 3e9  # bytes that a build needs with some room to spare
_APART = 30.0  # seconds that clocks may differ

State = Literal["good", "wrong", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found of one thing.

    Attributes:
        of: what was looked at.
        state: whether it is as it has to be.
        said: what was found.
        remedy: what mends it; "" where nothing has to be.
    """

    of: str
    state: State
    said: str
    remedy: str = ""


def good(of: str, said: str) -> Finding:
    """Something that is as it has to be."""
    return Finding(of=of, state="good", said=said)


def wrong(of: str, said: str, remedy: str) -> Finding:
    """Something that is not, and what mends it."""
    return Finding(of=of, state="wrong", said=said, remedy=remedy)


def unknown(of: str, said: str) -> Finding:
    """Something that nothing says anything of."""
    return Finding(of=of, state="unknown", said=said)


def main() -> None:
    """Look at the host and at the deployment that the command line names."""
    parser = argparse.ArgumentParser(prog=run_module("operate.doctor"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("--port", type=int, default=0, help="the one that it is published on")
    options = parser.parse_args()
    # A host that can't be reached is one of its findings.
    command.run(lambda: show(host(options.deployment, options.port)), first=lambda: None)


def show(found: Iterable[Finding]) -> int:
    """Print findings as they are known; returns the exit code, 1 if anything is wrong."""
    every = list(found)
    print(text_table([(one.of, one.state, one.said) for one in every]))
    ill = [one for one in every if one.state == "wrong"]
    for one in ill:
        print(f"\n{one.of}: {one.said}\n  What to do: {one.remedy}")
    if not ill:
        print("\nnothing is wrong")
    return 1 if ill else 0


def host(deployment: str, port: int = 0) -> Iterator[Finding]:
    """What there is to say of the Docker host and of the deployment on it.

    Args:
        deployment: the deployment's name.
        port: the one that it is published on; 0 if that is not known, or there is none.
    """
    try:
        problem = reach.problem()
    except FileNotFoundError:
        yield wrong("docker", "there is no docker client on PATH", reach.without_client())
        return
    if problem:
        yield wrong("docker", *reach.explained(problem))
        return
    info: dict[str, Any] = json.loads(docker("info", "--format", "{{json .}}").stdout)
    yield _engine(info)
    yield good("host", _host(info))
    yield _clock(info)
    yield _disk(info, deployment)
    if port:
        yield _port(port, deployment)
    yield from _site(deployment)


def _address() -> str:
    return reach.address() or "its default"


def _is_local() -> bool:
    return _address().startswith(("unix:", "npipe:", "its default"))


def _engine(info: dict[str, Any]) -> Finding:
    version = str(info.get("ServerVersion", ""))
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    said = f"Docker Engine {version} at {_address()}"
    if numbers < OLDEST:
        oldest = ".".join(f"{n:02}" for n in OLDEST)
        return wrong("docker", said, f"install Docker Engine {oldest} or newer on that host")
    return good("docker", said)


def _host(info: dict[str, Any]) -> str:
    memory = info.get("MemTotal", 0) / 1e9
    return (
        f"{info.get('Name', '')}: {info.get('OperatingSystem', '')}, {info.get('Architecture', '')}"
        f", {info.get('NCPU', 0)} processors, {memory:.1f} GB of memory"
    )


def _clock(info: dict[str, Any]) -> Finding:
    # The daemon says nanoseconds, which Python does not read.
    text = re.sub(r"(\.\d{6})\d*", r"\1", str(info.get("SystemTime", "")))
    try:
        apart = abs((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    except (ValueError, TypeError):
        return unknown("clock", "the daemon does not say what time it is")
    if apart > _APART:
        mends = "on the one that is wrong, `timedatectl set-ntp true` (`date -u` shows its time)"
        return wrong("clock", f"the host's and this machine's are {apart:.0f} s apart", mends)
    return good("clock", "the host's and this machine's agree")


def _disk(info: dict[str, Any], deployment: str) -> Finding:
    root = str(info.get("DockerRootDir", ""))
    free = None
    if _is_local() and Path(root).is_dir():
        free = shutil.disk_usage(root).free
    else:
        serving = serving_containers(deployment)
        found = status.disk(serving[-1]) if serving else None
        free = found["free"] if found else None
    if free is None:
        return unknown("disk", "the host's is asked of a container of the site: none serves")
    if free < _ROOM:
        mends = "`docker system df` shows what Docker takes, `docker builder prune` frees some"
        return wrong("disk", f"{free / 1e9:.1f} GB are free for Docker ({root})", mends)
    return good("disk", f"{free / 1e9:.1f} GB are free for Docker ({root})")


def _port(port: int, deployment: str) -> Finding:
    shown = f'{{{{.Names}}}} {{{{.Label "{DEPLOYMENT}"}}}}'
    said = docker("ps", "--filter", f"publish={port}", "--format", shown).stdout.decode()
    holders = [line.partition(" ")[::2] for line in said.splitlines()]
    others = [name for name, of in holders if of != deployment]
    another = f"`pulumi config set --path site.port {port + 1} -s STACK`"
    if others:
        mends = f"{another}, or `docker stop {others[0]}`"
        return wrong("port", f"{port} is taken by container {others[0]}", mends)
    if not holders and _is_local() and _listens(port):
        mends = f"{another}, or stop what `ss -ltnp 'sport = :{port}'` names"
        return wrong("port", f"{port} is taken by another program of this machine", mends)
    return good("port", f"{port} is {'this site' if holders else 'free'}")


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(2)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _site(deployment: str) -> Iterator[Finding]:
    if not site.is_there(deployment):
        nothing = f"nothing of deployment {deployment} is on this host yet"
        yield unknown("site", f"{nothing}: `{typed('up')}`")
        return
    found = status.look(deployment)
    if not found["problems"]:
        since = str(found["since"]).replace("T", " ")
        yield good("site", f"release {found['release'][:8]} serves, since {since}")
    for problem in found["problems"]:
        what, _, mends = str(problem).partition(": ")
        yield wrong("site", what, mends or f"`docker logs --tail 50 {Place(deployment).edge}`")


if __name__ == "__main__":
    main()
