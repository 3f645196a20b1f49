"""Pulumi's own command line, for what the program asks of it while it runs."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import UserError

_TIMEOUT = 120


def run_pulumi(words: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line; a failure is the caller's to judge."""
    command = ["pulumi", "--non-interactive", *words]
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, stdout="", stderr=str(error))


def stack_resources(stack: str) -> list[dict[str, Any]]:
    """The resources in a stack's state.

    Args:
        stack: the stack's name.

    Raises:
        UserError: if the state can't be read.
    """
    done = run_pulumi(["stack", "export", "-s", stack])
    if done.returncode != 0:
        raise UserError(
            f"the state of stack {stack} can't be read, so nobody knows what belongs to it",
            [f"`pulumi stack export -s {stack}` has to succeed; it said: {done.stderr.strip()}"],
        )
    export: dict[str, dict[str, list[dict[str, Any]] | None]] = json.loads(done.stdout)
    return export.get("deployment", {}).get("resources") or []


def resource_ids(resources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of what is in a state; components have none."""
    return frozenset(resource["id"] for resource in resources if "id" in resource)
