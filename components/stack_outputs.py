"""The stack's outputs: what is worth a glance after every update, a line for each thing.

`pulumi up` prints them all at its end, also when it failed, so they have to leave the error in
sight. What they sum up is elsewhere in full: the plan and its reasons in the preview, what ran and
what each step did in the ledger (`make ledger`), what was supplied in the log of the image's build.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .ledger.plan import Plan
from .place import DEPLOYMENT, Place


def plan(of: Plan) -> str:
    """Which operations ever run at each point, in one line."""
    at: dict[str, list[str]] = {}
    for entry in of.entries:
        at.setdefault(entry.point, []).extend([entry.operation] if entry.runs else [])
    return "; ".join(f"{point}: {', '.join(found) or 'nothing'}" for point, found in at.items())


def ledger(account: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Which row the last update was, what of it ran as planned, and what did not.

    Args:
        account: what the account's command printed; None before there is one.
    """
    if account is None:
        return None
    cells = {
        f"{cell['operation']} at {cell['point']}": _cell(cell)
        for cell in account["cells"]
        if cell["planned"] or cell["runs"]
    }
    rest = {key: value for key, value in account.items() if key != "cells"}
    return {**rest, "ran": "; ".join(f"{cell} {text}" for cell, text in cells.items())}


def _cell(cell: Mapping[str, Any]) -> str:
    applied = f", applied {cell['applied']}" if cell["operation"] == "migrate" else ""
    return f"{cell['runs']} of {cell['planned']}{applied}, {cell['seconds']:.2f} s"


def seeding(result: Mapping[str, Any] | None) -> str:
    """What the job did, in one line: migrations applied, and the steps by what they came to.

    Args:
        result: what the job printed; None where there is no job, or before it ran.
    """
    if not result:
        return "no step ran"
    applied = (result.get("migrate") or {}).get("applied", 0)
    steps: Sequence[Mapping[str, Any]] = result.get("steps", ())
    by_outcome: dict[str, list[str]] = {}
    for step in steps:
        by_outcome.setdefault(str(step["result"]), []).append(str(step["name"]))
    told = [f"{outcome} by {', '.join(names)}" for outcome, names in by_outcome.items()]
    seconds = sum(step["seconds"] for step in steps)
    return (
        f"{applied} migrations applied, {len(steps)} steps in {seconds:.2f} s: "
        f"{'; '.join(told) or 'no step ran'}"
    )


def containers(serving: Sequence[str], reached_by: Mapping[str, str]) -> dict[str, Any]:
    """The backends' containers and the edge's; all of the backends only where there are several."""
    several = {"backends": list(serving)} if len(serving) > 1 else {}
    return {"backend": serving[0], **several, **reached_by}


def migrations(found: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What the last check of migrations found, without what it did not find."""
    return {key: entries for key, entries in found.items() if entries}


def releases(kept: Sequence[Mapping[str, Any]] | None) -> list[str] | None:
    """The kept releases in a line each, those built last first; None before there are any."""
    return None if kept is None else [_release(entry) for entry in kept]


def _release(entry: Mapping[str, Any]) -> str:
    # The tag comes first: by it one goes back.
    served = f"served last {entry['served']}" if entry.get("served") else "never served"
    serves = "serves now" if entry["serves"] else served
    return f"{entry['release']}, built {entry['built']}, {serves}"


def supplied(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the project's settings lacked, what needs attention, and the names of what was kept.

    And what `check --deploy` advises, by id.

    Args:
        report: the build's report; None before there is one.
    """
    if report is None or report.get("supplied") is None:
        return None
    entries: Sequence[Mapping[str, str]] = report["supplied"]
    found: dict[str, Any] = {}
    for entry in entries:
        if entry["action"] == "kept":
            continue
        reasons = found.setdefault(entry["action"], {})
        before = reasons.get(entry["setting"])
        reasons[entry["setting"]] = f"{before}; {entry['why']}" if before else entry["why"]
    kept = dict.fromkeys(entry["setting"] for entry in entries if entry["action"] == "kept")
    if report.get("advice"):
        found["advice"] = report["advice"]
    return {**found, **({"kept": ", ".join(kept)} if kept else {})}


def way_back(deployment: str) -> Callable[[Mapping[str, str]], str]:
    """The words of a shell that stop a deployment and let what it took over from serve again.

    Args:
        deployment: the deployment's name.

    Returns:
        Makes them of the command for each container, by its name.
    """
    ours = f"docker ps --quiet --filter label={DEPLOYMENT}={deployment}"
    update, stop = 'docker update --restart=no "$@"', 'docker stop "$@"'
    ended = f"{ours} | xargs --no-run-if-empty sh -c '{update} && {stop}' sh"
    return lambda ways: "; ".join([ended, *ways.values()])


def behind(sites: Mapping[str, str]) -> list[str] | str:
    """The sites that are reached through a shared edge, in a line each.

    Args:
        sites: the container of each domain's edge, by domain.
    """
    domains: dict[str, list[str]] = {}
    for domain, edge in sites.items():
        domains.setdefault(edge.removesuffix(Place("").edge), []).append(domain)
    lines = [f"{site}: {', '.join(names)}" for site, names in sorted(domains.items())]
    return lines or "none yet: each names this deployment in site.sharedEdge"
