"""Which migrations are new in a release, as far as that is known without running anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .migrations.check import parse_outcome
from .step_output import parsed


def last_check(resources: Sequence[Mapping[str, Any]], deployment: str) -> dict[str, Any]:
    """The outcome of the last migration check, from the stack's state; nothing without one."""
    return parse_outcome(_said(resources, f"{deployment}-migration-check"))


def served_database(resources: Sequence[Mapping[str, Any]], deployment: str) -> str:
    """The identity of the database that a backend served, by the stack's state; "" if none did."""
    there = {r["urn"].rpartition("::")[2]: r for r in resources}
    check = there.get(f"{deployment}-migration-check", {})
    if f"{deployment}-gate" not in there:
        return ""
    _, database, *_ = check.get("inputs", {}).get("triggers") or ("", "")
    return str(database)


def new_migrations(
    context: Path, resources: Sequence[Mapping[str, Any]], deployment: str
) -> list[str] | None:
    """The project's own migrations that the serving release doesn't have, as `app.name`.

    None if what serves has not told which it has.

    What comes with other packages is found by the check, once the image is there.

    Args:
        context: the folder in which the release is staged.
        resources: the resources in the stack's state; the gate's output says what serves has.
        deployment: the deployment's name.
    """
    report = parsed(_said(resources, f"{deployment}-gate"))
    modules = report.get("migrations") if isinstance(report, dict) else None
    if not modules:
        return None
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
