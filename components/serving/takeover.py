"""Has an edge serve, where it may be in the place of what has its port.

Docker gives a container its port when that joins the first network that leads out. So the edge
runs, is configured, and has seen the backends well on the internal network that it shares with
them, before what has the port stops. Then the edge joins its network that leads out, and serves.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.client import docker, inspect, is_running
from ..host.what_serves import sent_to
from ..inside import EDGE_CONTROL
from ..place import DEPLOYMENT, Place
from ..step_output import say


class TakeoverError(Exception):
    """The edge doesn't send visitors there; the text says why. What served serves on, or again."""


def serve(edge: str, config: bytes, *, retire: Sequence[str], grace: int) -> None:
    """Have an edge serve by a configuration; give it its port if it doesn't have that yet.

    Args:
        edge: its container.
        config: its configuration, with the servers that are to serve.
        retire: the containers that are taken over from; those that have its port make room.
        grace: seconds that these may take to stop.

    Raises:
        TakeoverError: the edge doesn't get the port, or reaches no server.
    """
    state = inspect(edge)
    if state is None:
        raise TakeoverError(f"there is no container {edge}: run `pulumi up --refresh`")
    ingress = Place(state["Config"]["Labels"][DEPLOYMENT]).ingress
    leads_out = ingress in state["NetworkSettings"]["Networks"]
    if state["State"]["Running"] and leads_out:
        _apply(edge, config)
        return
    holders = [name for name in retire if _has_port_of(state, name)]

    def undo() -> None:
        docker("stop", "--time", "5", edge)
        # Whenever the daemon starts, it would take the port again.
        docker("network", "disconnect", "--force", ingress, edge)
        for name in holders:
            docker("start", name)

    one_shot.when_interrupted(undo)
    try:
        if leads_out:
            _run("network", "disconnect", "--force", ingress, edge)
        _prove(state, config)
        _take(edge, ingress, holders, grace)
    except TakeoverError:
        undo()
        raise


def _prove(edge: Mapping[str, Any], config: bytes) -> None:
    name = edge["Name"].strip("/")
    try:
        _forget_servers(edge, name)
        _run("start", name)
        _apply(name, config)
    except TakeoverError as error:
        raise TakeoverError(f"before anything was stopped, the edge was tried: {error}") from None


def _forget_servers(edge: Mapping[str, Any], name: str) -> None:
    """Let an edge start without the servers of an earlier time.

    On an internal network Docker's DNS keeps silent about names that are not there, and HAProxy
    would wait ten seconds for each before it starts.
    """
    if not sent_to(name):
        return
    # One that was left without a port runs: what it has in force is forgotten, too.
    _run("stop", "--time", "5", name)
    words = ("--network", "none", "--volumes-from", name, *HELPER.options(), edge["Image"])
    deployment = edge["Config"]["Labels"][DEPLOYMENT]
    command = ("python3", EDGE_CONTROL, "forget")
    done = one_shot.run(deployment, "edge-configuration", [*words, *command])
    if done.returncode != 0:
        raise TakeoverError(done.stderr.decode(errors="replace").strip())


def _take(edge: str, ingress: str, holders: Sequence[str], grace: int) -> None:
    began = time.monotonic()
    try:
        if holders:
            _run("stop", "--time", str(grace), *holders)
        free = time.monotonic()
        _run("network", "connect", ingress, edge)
    except TakeoverError as error:
        again = f"\n{', '.join(holders)} was started again." if holders else ""
        raise TakeoverError(f"{edge} can't take its port: {error}{again}") from None
    if holders:
        say(
            f"takeover: {', '.join(holders)} stopped in {free - began:.1f} s; {edge} has the port "
            f"{time.monotonic() - free:.1f} s later"
        )


def _apply(edge: str, config: bytes) -> None:
    _run("exec", "-i", edge, "python3", EDGE_CONTROL, "apply", stdin=config)


def _run(*words: str, stdin: bytes | None = None) -> None:
    done = docker(*words, stdin=stdin)
    if done.returncode != 0:
        raise TakeoverError(done.stderr.decode(errors="replace").strip())


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
