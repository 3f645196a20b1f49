"""What is wrong with a Docker host and a site on it: `python3 -m components.operate.doctor NAME`.

Each line says what was looked at, what was found, and where something is wrong the command that
mends it. Nothing is changed.
"""

import argparse
import socket
from collections.abc import Iterable, Iterator

from ..host import architecture, preflight, reach
from ..host.client import docker
from ..host.finding import Finding, good, unknown, wrong
from ..host.machine import is_here
from ..host.preflight import Known
from ..host.what_serves import serving_containers
from ..own_commands import run_module, typed
from ..place import DEPLOYMENT, Place
from ..text_table import text_table
from . import command, shared_edge, site, status

_BASE = "django-on-docker/base:trixie"


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
    known = _known()
    if isinstance(known, Finding):
        yield known
        return
    yield from _machine(known, free=_free(known, deployment))
    if port:
        yield _port(port, deployment, known)
    yield from _site(deployment)


def machine() -> Iterator[Finding]:
    """What there is to say of the Docker host alone."""
    known = _known()
    yield from [known] if isinstance(known, Finding) else _machine(known)


def _known() -> Known | Finding:
    """What is known of the host, or why nothing is."""
    try:
        problem = reach.problem()
    except FileNotFoundError:
        return wrong("docker", "there is no docker client on PATH", reach.without_client())
    if problem:
        return wrong("docker", *reach.explained(problem))
    return preflight.look(_ask, reach.address())


def _machine(known: Known, free: int | None = None) -> Iterator[Finding]:
    yield from preflight.examine(known, free=free)
    yield from architecture.problems(docker, known.architecture, {"base image": _BASE})


def _ask(*words: str) -> str:
    return docker(*words).stdout.decode(errors="replace")


def _free(known: Known, deployment: str) -> int | None:
    """What a container of the site says of the disk, where the host's system says nothing."""
    serving = serving_containers(deployment) if known.machine.free is None else []
    found = status.disk(serving[-1]) if serving else None
    return found["free"] if found else None


def _port(port: int, deployment: str, known: Known) -> Finding:
    shown = f'{{{{.Names}}}} {{{{.Label "{DEPLOYMENT}"}}}}'
    said = docker("ps", "--filter", f"publish={port}", "--format", shown).stdout.decode()
    holders = [line.partition(" ")[::2] for line in said.splitlines()]
    others = [name for name, of in holders if of != deployment]
    another = f"`pulumi config set --path site.port {port + 1} -s STACK`"
    if others:
        mends = f"{another}, or `docker stop {others[0]}`"
        return wrong("port", f"{port} is taken by container {others[0]}", mends)
    here = is_here(known.address)
    if not holders and (_listens(port) if here else port in (known.machine.reachable or ())):
        mends = f"{another}, or stop what `ss -ltnp 'sport = :{port}'` names"
        which = "this machine" if here else "that host"
        return wrong("port", f"{port} is taken by another program of {which}", mends)
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
    if shared_edge.is_there(deployment):
        yield from _shared(deployment)
        return
    found = status.look(deployment)
    if not found["problems"]:
        since = str(found["since"]).replace("T", " ")
        yield good("site", f"release {found['release'][:8]} serves, since {since}")
    for problem in found["problems"]:
        what, _, mends = str(problem).partition(": ")
        yield wrong("site", what, mends or f"`docker logs --tail 50 {Place(deployment).edge}`")


def _shared(deployment: str) -> Iterator[Finding]:
    found = shared_edge.look(deployment)
    if not found["problems"]:
        yield good("shared edge", f"passes visitors of {len(found['sites'])} domains on")
    for problem in found["problems"]:
        what, _, mends = str(problem).partition(": ")
        yield wrong("shared edge", what, mends)


if __name__ == "__main__":
    main()
