"""Starts an edge for the first time, where it may be in the place of what has its port.

Docker gives a port to a container as it starts, so the edge's container is made but not started.
A second one of the same image on the same networks, without a port, proves that the edge reaches
the backends, and leaves the configuration in the volume that both have. Only then does what has the
port stop, and the edge serves from its first moment.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..host import one_shot
from ..host.client import docker, inspect, is_running
from ..inside import EDGE_CONTROL
from ..place import DEPLOYMENT, Place
from ..step_output import say

TRIAL = "edge-trial"
"""The role of the container that proves what the edge will do."""


class TakeoverError(Exception):
    """The edge does not run; the text says why. What served serves on, or again."""


def start(
    edge: str, config: bytes, *, retire: Sequence[str], grace: int
) -> Callable[[], Sequence[str]]:
    """Start an edge that doesn't run; does nothing about one that does.

    Args:
        edge: its container.
        config: its configuration, with the servers that are to serve.
        retire: the containers that are taken over from; those that have its port make room.
        grace: seconds that these may take to stop.

    Returns:
        What undoes it, and returns the names of what serves again.

    Raises:
        TakeoverError: what was to be started isn't.
    """
    state = inspect(edge)
    if state is None:
        raise TakeoverError(f"there is no container {edge}: run `pulumi up --refresh`")
    if state["State"]["Running"]:
        return list
    holders = [name for name in retire if _has_port_of(state, name)]
    if holders:
        _prove(state, config)

    def undo() -> Sequence[str]:
        # Whenever the daemon starts, it would take the port again.
        docker("update", "--restart=no", edge)
        docker("stop", "--time", "5", edge)
        for name in holders:
            docker("start", name)
        return holders

    one_shot.when_interrupted(lambda: list(undo()).clear())
    _take(edge, holders, grace, undo)
    return undo


def _take(edge: str, holders: Sequence[str], grace: int, undo: Callable[[], object]) -> None:
    began = time.monotonic()
    stopped = docker("stop", "--time", str(grace), *holders) if holders else None
    free = time.monotonic()
    started = docker("start", edge) if stopped is None or stopped.returncode == 0 else stopped
    if started.returncode != 0:
        undo()
        said = started.stderr.decode(errors="replace").strip()
        raise TakeoverError(f"{edge} can't take its port: {said}")
    if holders:
        say(
            f"takeover: {', '.join(holders)} stopped in {free - began:.1f} s; {edge} has the port "
            f"{time.monotonic() - free:.1f} s later"
        )


def _prove(edge: Mapping[str, Any], config: bytes) -> None:
    deployment, name = edge["Config"]["Labels"][DEPLOYMENT], edge["Name"].strip("/")
    one_shot.make_room(deployment, TRIAL)
    networks = [n for n in edge["NetworkSettings"]["Networks"] if n != "bridge"]
    words = ["create", *one_shot.named(deployment, TRIAL), "--volumes-from", name]
    for path, options in (edge["HostConfig"].get("Tmpfs") or {}).items():
        words += ["--tmpfs", f"{path}:{options}" if options else path]
    trial = Place(deployment).name(TRIAL)
    try:
        _run(*words, "--network", networks[0], edge["Image"])
        for network in networks[1:]:
            _run("network", "connect", network, trial)
        _run("start", trial)
        _run("exec", "-i", trial, "python3", EDGE_CONTROL, "apply", stdin=config)
    finally:
        one_shot.remove(deployment, TRIAL)


def _run(*words: str, stdin: bytes | None = None) -> None:
    done = docker(*words, stdin=stdin)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise TakeoverError(f"before anything was stopped, the edge was tried: {said}")


def _has_port_of(edge: Mapping[str, Any], name: str) -> bool:
    """A container runs and has a port that the edge is to have, or may have it."""
    if not is_running(name):
        return False
    state = inspect(name) or {}
    # What is on the host's own network publishes nothing, and may listen on anything.
    if state["HostConfig"]["NetworkMode"] == "host":
        return True
    wanted = _host_ports(edge["HostConfig"].get("PortBindings"))
    return bool(wanted & _host_ports(state["NetworkSettings"].get("Ports")))


def _host_ports(bindings: Mapping[str, Any] | None) -> set[str]:
    every = (bindings or {}).values()
    return {str(entry["HostPort"]) for entries in every for entry in entries or ()}
