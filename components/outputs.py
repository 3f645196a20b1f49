"""The stack's outputs: what is worth a glance after every update, a line for each thing.

`pulumi up` prints them at its end, also when it failed, so they have to leave the error in sight.
What they sum up is elsewhere in full: in the ledger, and in the log of the image's build.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.labels import DEPLOYMENT
from components.plan import Plan


def plan(of: Plan) -> dict[str, str]:
    """Each operation and point: when it runs, or that it never does, and why."""
    return {f"{e.operation} at {e.point}": f"{e.when}: {e.why}" for e in of.entries}


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
    return {**rest, "ran": cells}


def _cell(cell: Mapping[str, Any]) -> str:
    applied = f", applied {cell['applied']}" if cell["operation"] == "migrate" else ""
    return f"{cell['runs']} of {cell['planned']}{applied}, {cell['seconds']:.2f} s"


def seeding(result: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the job did: migrations applied, and each step's result.

    Args:
        result: what the job printed; None where there is no job, or before it ran.
    """
    if not result:
        return {"steps": []}
    migrate = result.get("migrate") or {}
    counts = {key: migrate[key] for key in ("applied", "seconds") if key in migrate}
    steps = [_step(step) for step in result.get("steps", ())]
    return {**({"migrate": counts} if counts else {}), "steps": steps}


def _step(step: Mapping[str, Any]) -> str:
    result, detail = str(step["result"]), str(step.get("detail") or "")
    if not detail.lower().startswith(result):
        detail = f"{result}: {detail}" if detail else result
    return f"{step.get('step', step['name'])}: {detail} ({step['seconds']:.2f} s)"


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
