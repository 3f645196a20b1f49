"""Compares what an `up` was to run with what the ledger says that it ran.

It fails nothing: traffic has been switched, and what serves is well. What disagrees is said, and
is in the output `ledger`.
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy_runtime import ledger

from ..host.client import inspect, read_file
from ..step_output import result, say

Cell = dict[str, Any]


def account(
    expected: Mapping[str, Any],
    *,
    written: Iterable[ledger.Record],
    baked: Iterable[ledger.Record],
    hostnames: Collection[str],
) -> list[Cell]:
    """Every operation and point: how often it was to run, and how often it did.

    Args:
        expected: the content of the file that the program wrote.
        written: the records in the deployment's ledger.
        baked: the records in the image of the release that serves.
        hostnames: what the containers that this `up` started call themselves in their records.
    """
    ran = [r for r in written if r["id"] in expected["job"]]
    ran += [r for r in written if r["point"] == "startup" and r.get("container") in hostnames]
    if any(cell["planned"] for cell in expected["cells"] if cell["point"] == "build"):
        ran += baked
    counts = ledger.counted(ran)
    nothing = {"runs": 0, "applied": 0, "seconds": 0.0, "boots": 0}
    return [{**c, **counts.get((c["operation"], c["point"]), nothing)} for c in expected["cells"]]


def differences(cells: Iterable[Cell]) -> Iterator[str]:
    """What ran otherwise than planned, in words."""
    for cell in cells:
        what = f"{cell['operation']} at {cell['point']}"
        if cell["runs"] != cell["planned"]:
            yield f"{what}: planned {cell['planned']}, ran {cell['runs']}"
        if cell["applied"] and not cell["may_apply"]:
            yield f"{what}: applied {cell['applied']} migrations, planned 0"


def summary(row: str, cells: Iterable[Cell], differ: list[str]) -> str:
    """One line for people."""
    ran = [
        f"{c['operation']} at {c['point']} {c['runs']}"
        + (f" (applied {c['applied']})" if c["operation"] == "migrate" else "")
        for c in cells
        if c["runs"]
    ]
    said = f"ledger: {row}: {', '.join(ran) or 'nothing ran'}"
    return f"warning: {said}; {'; '.join(differ)}" if differ else f"{said}, as planned"


def main() -> None:
    """Account for what BACKENDS and the job ran, by the file ACCOUNT; print it as JSON."""
    found: dict[str, Any] = {"row": None, "agrees": None, "cells": [], "differences": []}
    try:
        _fill(found)
    except (Exception, SystemExit) as error:  # whatever it is, it is no reason to fail an update
        found["differences"] = [f"the ledger can't be read: {error}"]
        say(f"warning: ledger: it can't be read: {error}")
    result(found)


def _fill(found: dict[str, Any]) -> None:
    backends = os.environ["BACKENDS"].split()
    expected = json.loads(Path(os.environ["ACCOUNT"]).read_text(encoding="utf-8"))
    found["row"] = expected["row"]
    started = [name for name in backends if name not in expected["counted"]]
    cells = account(
        expected,
        written=ledger.parse(read_file(backends[0], ledger.FILE) or b"")[0],
        baked=ledger.parse(read_file(backends[0], ledger.IMAGE_FILE) or b"")[0],
        hostnames=[_hostname(name) for name in started],
    )
    differ = list(differences(cells))
    shown = [{k: v for k, v in cell.items() if k != "may_apply"} for cell in cells]
    found.update(agrees=not differ, cells=shown, differences=differ)
    say(summary(expected["row"], cells, differ))


def _hostname(container: str) -> str:
    state = inspect(container)
    if state is None:
        raise LookupError(f"there is no container {container}")
    return str(state["Config"]["Hostname"])


if __name__ == "__main__":
    main()
