"""How a site is: `python3 -m components.operate.status DEPLOYMENT [--json]`.

From the Docker host alone: Pulumi isn't asked, and nothing is changed. The release that serves says
which migrations its database has.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from subprocess import TimeoutExpired
from typing import Any

from ..data import backups
from ..host import out_of_memory
from ..host.client import docker, docker_or_fail, inspect
from ..host.what_serves import serving_containers
from ..inside import LEDGER
from ..migrations import window_note
from ..own_commands import run_module, typed
from ..place import DEPLOYMENT, ONE_OFF, RELEASE, ROLE, SHARED, TLS, Place, filters
from ..text_table import text_table
from . import certificate, command, shared_edge, site

Status = dict[str, Any]

# Notes and helpers are no part of how it is.
_SHOWN = ("backend", "edge", "postgres", ONE_OFF)
_PATIENCE = 60.0  # seconds for the release to look at its database
_HEAD = ("container", "role", "release", "state", "health", "restarts", "since (UTC)")


def main() -> None:
    """Print how the deployment is that the command line names; 1 is the exit code if it is ill."""
    parser = argparse.ArgumentParser(prog=run_module("operate.status"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("--json", action="store_true", help="as JSON instead of a table")
    options = parser.parse_args()
    command.run(lambda: _show(options.deployment, as_json=options.json))


def _show(deployment: str, *, as_json: bool) -> int:
    site.exists(deployment)
    if shared_edge.is_there(deployment):
        return _show_shared(deployment, as_json=as_json)
    found = look(deployment)
    print(json.dumps(found, indent=2) if as_json else as_text(found))
    return 0 if found["serving"] and not found["problems"] else 1


def _show_shared(deployment: str, *, as_json: bool) -> int:
    found = shared_edge.look(deployment)
    print(json.dumps(found, indent=2) if as_json else shared_edge.as_text(found))
    return 1 if found["problems"] else 0


def look(deployment: str) -> Status:
    """What there is to say of a site, as plain data without any secret.

    Args:
        deployment: the deployment's name.
    """
    containers = list(_containers(deployment))
    serving = serving_containers(deployment)
    served = [one for one in containers if one["container"] in serving]
    first = serving[0] if serving else ""
    found: Status = {
        "deployment": deployment,
        "release": served[-1]["release"] if served else "",
        "since": min((one["since"] for one in served), default=""),
        "serving": serving,
        "containers": containers,
        "migrations": _migrations(first) if first else None,
        "backup": _backup(deployment, containers),
        "disk": disk(first) if first else None,
        "certificate": _certificate(containers),
        "window": bool(window_note.read(deployment)),
    }
    found["problems"] = list(_problems(found))
    return found


def _containers(deployment: str) -> Iterator[Status]:
    words = ("ps", "--all", "--format", "{{.Names}}", *filters({DEPLOYMENT: deployment}))
    names = docker_or_fail("listing the containers", *words).decode().split()
    for state in filter(None, map(inspect, reversed(names))):
        labels = state["Config"]["Labels"] or {}
        if labels.get(ROLE) not in _SHOWN:
            continue
        now = state["State"]
        runs = now["Status"] in ("running", "paused")
        yield {
            "container": state["Name"].removeprefix("/"),
            "role": labels[ROLE],
            "release": labels.get(RELEASE, "") if labels[ROLE] in ("backend", ONE_OFF) else "",
            "state": now["Status"] if runs else f"{now['Status']} ({now['ExitCode']})",
            "health": (now.get("Health") or {}).get("Status", "") if runs else "",
            "restarts": state["RestartCount"],
            "since": now["StartedAt" if runs else "FinishedAt"][:19],
            **({"tls": labels[TLS]} if TLS in labels else {}),
            **({"shared": labels[SHARED]} if SHARED in labels else {}),
            "memory": out_of_memory.problem(state, labels[ROLE]),
        }


def _migrations(backend: str) -> Status | None:
    """What the release that serves would migrate; None if it can't say."""
    try:
        words = ("exec", backend, "python", "-m", "deploy_runtime.pending")
        done = docker(*words, timeout=_PATIENCE)
        said = json.loads(done.stdout) if done.returncode == 0 else None
    except (TimeoutExpired, ValueError):
        return None
    return {"pending": said["pending"], "ahead": said["ahead"]} if said else None


def _backup(deployment: str, containers: Sequence[Status]) -> Status | None:
    """The last copy of the database; None if there is none."""
    volume = Place(deployment).backups
    backends = [one["container"] for one in containers if one["role"] == "backend"]
    state = inspect(backends[-1]) if backends else None
    if state is None or inspect(volume, "volume") is None:
        return None
    last = next(iter(backups.entries(volume, state["Image"])), None)
    return {key: last[key] for key in ("id", "made", "engine", "bytes")} if last else None


def _certificate(containers: Sequence[Status]) -> Status | None:
    """What visitors are shown where the edge ends TLS; None elsewhere, or if it can't say."""
    edges = [one for one in containers if "tls" in one and one["state"] == "running"]
    return certificate.shown(edges[0]["container"]) if edges else None


def disk(backend: str) -> Status | None:
    """The room on the disk that the deployment's volumes are on; None if nothing says."""
    done = docker("exec", backend, "df", "-P", "-k", LEDGER, timeout=_PATIENCE)
    columns = done.stdout.decode(errors="replace").splitlines()[-1:]
    try:
        _, total, _, free, *_ = columns[0].split()
        return {"free": int(free) * 1024, "total": int(total) * 1024}
    except (IndexError, ValueError):
        return None


def _problems(found: Mapping[str, Any]) -> Iterator[str]:
    name = found["deployment"]
    if found["window"]:
        yield "visitors see the maintenance page: an update is at work, or `pulumi up` ends it"
    elif not found["serving"]:
        yield (
            f"nothing serves: `{typed('logs')}` says why it ended, `pulumi up` makes what is "
            "missing"
        )
    for one in found["containers"]:
        yield from _container_problems(one)
        if "shared" in one:
            yield from shared_edge.problems_of_site(one["shared"], one["container"])
    migrations = found["migrations"]
    if found["serving"] and migrations is None:
        yield (
            "the release can't say which migrations its database has: "
            f"`{typed('doctor')}`, `{typed('logs')}`"
        )
    if migrations and migrations["pending"]:
        yield (
            f"migrations are not applied: {', '.join(migrations['pending'])}: the next start "
            f"applies them, or `{run_module('operate.one_off', name, 'manage migrate')}`"
        )
    if found["certificate"] and (ill := certificate.problem(found["certificate"])):
        yield ill
    if found["disk"] and found["disk"]["free"] < found["disk"]["total"] * 0.05:
        yield "the Docker host's disk is nearly full: `docker system df`, `docker builder prune`"


def _container_problems(one: Status) -> Iterator[str]:
    if one["health"] == "unhealthy":
        logs = f"docker logs --tail 50 {one['container']}"
        yield f"{one['container']} is unhealthy: `{logs}` says why"
    if one["memory"]:
        yield one["memory"]
    elif one["role"] in ("edge", "postgres") and not one["health"] and "(" in one["state"]:
        yield f"{one['container']} is stopped: `docker start {one['container']}`"


def as_text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    facts = [
        ("deployment", found["deployment"]),
        ("release", found["release"] or "none serves"),
        ("since (UTC)", _time(found["since"])),
        ("migrations", _migrations_text(found["migrations"])),
        ("last copy", _backup_text(found["backup"])),
        ("disk", _disk_text(found["disk"])),
    ]
    if found["certificate"]:
        facts.append(("certificate", certificate.as_text(found["certificate"])))
    rows = [
        (
            one["container"],
            one["role"] + (" (serves)" if one["container"] in found["serving"] else ""),
            one["release"][:8],
            one["state"],
            one["health"],
            str(one["restarts"]),
            _time(one["since"]),
        )
        for one in found["containers"]
    ]
    parts = [text_table(facts), text_table([_HEAD, *rows])]
    return "\n\n".join([*parts, *(f"problem: {problem}" for problem in found["problems"])])


def _time(text: str) -> str:
    return text.replace("T", " ") or "-"


def _migrations_text(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "unknown"
    pending, ahead = found["pending"], found["ahead"]
    said = f"pending: {', '.join(pending)}" if pending else "all applied"
    return f"{said}; of a later release: {', '.join(ahead)}" if ahead else said


def _backup_text(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "none: one is made before migrations run on an update"
    age = datetime.now(UTC) - datetime.fromisoformat(found["made"])
    return f"{found['id']}, {found['bytes'] / 1e6:.1f} MB, {age.days} days ago"


def _disk_text(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "unknown"
    return f"{found['free'] / 1e9:.1f} GB of {found['total'] / 1e9:.1f} GB free"


if __name__ == "__main__":
    main()
