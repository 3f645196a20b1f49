"""How the edge is that sites on one host share, and which sites are reached through it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..host.client import docker, inspect
from ..inside import SHARED_EDGE as MODULE
from ..own_commands import typed
from ..place import ROLE, SHARED_EDGE, Place
from ..text_table import text_table

Status = dict[str, Any]

_PATIENCE = 30.0  # seconds for it to say
_HEAD = ("domain", "leads to", "that")


def is_there(deployment: str) -> bool:
    """The deployment is no site, but a shared edge, whether it runs or not."""
    labels = ((inspect(Place(deployment).shared_edge) or {}).get("Config") or {}).get("Labels")
    return (labels or {}).get(ROLE) == SHARED_EDGE


def look(deployment: str) -> Status:
    """What there is to say of it, as plain data.

    Args:
        deployment: its deployment's name.
    """
    name = Place(deployment).shared_edge
    state = inspect(name) or {"State": {"Status": "gone", "StartedAt": ""}}
    runs = state["State"]["Status"] == "running"
    sites = _sites(name) if runs else {}
    edges = sorted({*(sites or {}).values()})
    found: Status = {
        "deployment": deployment,
        "container": name,
        "state": state["State"]["Status"],
        "since": state["State"]["StartedAt"][:19],
        "sites": sites,
        "reached": {edge: _is_reached(edge, deployment) for edge in edges},
    }
    found["problems"] = list(_problems(found))
    return found


def problems_of_site(deployment: str, edge: str) -> Iterator[str]:
    """Why visitors of a site are not passed on to it, where that is so.

    Args:
        deployment: the shared edge's deployment.
        edge: the container of the site's edge.
    """
    name = Place(deployment).shared_edge
    state = inspect(name)
    if state is None or not state["State"]["Running"]:
        start = f"`docker start {name}`" if state else f"`{typed('up', deployment)}` makes it"
        yield f"no visitor comes through the shared edge {deployment}, which does not run: {start}"
    elif edge not in (_sites(name) or {}).values():
        yield (
            f"the shared edge {deployment} passes no visitor on to {edge}: `pulumi up` of this "
            "site tells it again"
        )


def _sites(name: str) -> dict[str, str] | None:
    """The container of each domain's edge, by domain; None if it can't say."""
    done = docker("exec", name, "python3", "-m", MODULE, "show", timeout=_PATIENCE)
    found: dict[str, str] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return found


def _is_reached(edge: str, deployment: str) -> bool:
    state = inspect(edge)
    if state is None or not state["State"]["Running"]:
        return False
    return Place(deployment).shared in state["NetworkSettings"]["Networks"]


def _problems(found: Mapping[str, Any]) -> Iterator[str]:
    name = found["container"]
    if found["state"] != "running":
        yield (
            f"{name} is {found['state']}, and no site behind it is reached: `docker start {name}`, "
            "or `pulumi up` of its stack"
        )
    if found["sites"] is None:
        yield f"{name} can't say which sites it has: `docker logs --tail 50 {name}`"
    for edge, reached in found["reached"].items():
        if not reached:
            yield (
                f"{edge} does not run: visitors of its domains get nothing; `pulumi up` of its "
                "stack makes it anew. If that site is gone for good, "
                f"`docker exec {name} python3 -m {MODULE} remove {edge}`"
            )


def as_text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    facts = [
        ("shared edge", found["deployment"]),
        ("container", found["container"]),
        ("state", found["state"]),
        ("since (UTC)", found["since"].replace("T", " ") or "-"),
    ]
    rows = [
        (domain, edge, "runs" if found["reached"][edge] else "does not run")
        for domain, edge in sorted((found["sites"] or {}).items())
    ]
    parts = [text_table(facts)]
    parts.append(text_table([_HEAD, *rows]) if rows else "no site is behind it yet")
    return "\n\n".join([*parts, *(f"problem: {problem}" for problem in found["problems"])])
