"""Which migrations are new in a release, as far as that is known without running anything."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.commands import window
from components.migration_check import outcome_file, parse_outcome


def last_check(resources: Sequence[Mapping[str, Any]], deployment: str) -> dict[str, Any]:
    """The outcome of the last migration check, from the stack's state; nothing without one."""
    return parse_outcome(_said(resources, f"{deployment}-migration-check"))


def looks(
    resources: Sequence[Mapping[str, Any]], deployment: str, replicas: int, gone: Collection[str]
) -> int:
    """How often a check had to look because a backend is made that wasn't there, now included.

    Whatever removed it, a recovery after its gate failed or a hand, it migrates when it starts:
    what the check found for the one before may be past.

    Args:
        resources: the resources in the stack's state.
        deployment: the deployment's name.
        replicas: how many backends there are to be.
        gone: the ids of what isn't on the host any more, or was stopped there by hand.
    """
    there = _resources(resources)
    suffixes = ["", *(f"-{number}" for number in range(2, replicas + 1))]
    backends = [there.get(f"{deployment}-backend{suffix}") for suffix in suffixes]
    new = any(found is None or found.get("id") in gone for found in backends)
    return _counted(there.get(f"{deployment}-migration-check", {})) + new


def switches(resources: Sequence[Mapping[str, Any]], deployment: str) -> int:
    """How often traffic had to be switched because a window was left open, now included.

    An update that was killed in one may be followed by one that changes nothing: visitors would
    stay on the maintenance page.

    Args:
        resources: the resources in the stack's state.
        deployment: the deployment's name.
    """
    before = _counted(_resources(resources).get(f"{deployment}-traffic", {}))
    return before + window.is_open(outcome_file(deployment))


def _resources(resources: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {r["urn"].rpartition("::")[2]: r for r in resources if not r.get("delete")}


def _counted(resource: Mapping[str, Any]) -> int:
    # The last of a command's triggers, as text.
    triggers = resource.get("inputs", {}).get("triggers") or [""]
    return int(triggers[-1]) if str(triggers[-1]).isdigit() else 0


def new_migrations(
    context: Path, resources: Sequence[Mapping[str, Any]], deployment: str
) -> list[str]:
    """The project's own migrations that the serving release doesn't have, as `app.name`.

    What comes with other packages is found by the check, once the image is there.

    Args:
        context: the folder in which the release is staged.
        resources: the resources in the stack's state; the gate's output says what serves has.
        deployment: the deployment's name.
    """
    try:
        report = json.loads(_said(resources, f"{deployment}-gate").strip().splitlines()[-1])
    except (ValueError, IndexError):
        return []
    modules = report.get("migrations") if isinstance(report, dict) else None
    if not modules:
        return []
    served = {f"/{module.replace('.', '/')}.py" for module in modules}
    found = sorted((context / "app").glob("**/migrations/[0-9]*.py"))
    paths = [f"/{file.relative_to(context).as_posix()}" for file in found]
    new = [path for path in paths if not any(path.endswith(known) for known in served)]
    return [".".join((path.split("/")[-3], path.split("/")[-1][:-3])) for path in new]


def _said(resources: Sequence[Mapping[str, Any]], name: str) -> str:
    for resource in resources:
        if resource["urn"].endswith(f"::{name}") and not resource.get("delete"):
            return str(resource.get("outputs", {}).get("stdout") or "")
    return ""
