"""Pulumi's own command line, for what the program asks of it while it runs."""

import json
import subprocess
from collections.abc import Iterator

_TIMEOUT = 120


def run_pulumi(words: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line; a failure is the caller's to judge."""
    return subprocess.run(
        ["pulumi", "--non-interactive", *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )


def resource_ids(stack: str) -> frozenset[str] | None:
    """The ids of everything in a stack's state; None if the state can't be read.

    Args:
        stack: the stack's name.
    """
    done = run_pulumi(["stack", "export", "-s", stack])
    if done.returncode != 0:
        return None
    return frozenset(_ids(json.loads(done.stdout)))


def _ids(export: dict[str, dict[str, list[dict[str, str]]]]) -> Iterator[str]:
    for resource in export.get("deployment", {}).get("resources") or []:
        if "id" in resource:
            yield resource["id"]
