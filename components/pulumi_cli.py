"""Pulumi's own command line, for what the program asks of it while it runs."""

import json
import subprocess
from collections.abc import Iterator

from components.errors import UserError

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


def resource_ids(stack: str) -> frozenset[str]:
    """The ids of everything in a stack's state.

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
    return frozenset(_ids(json.loads(done.stdout)))


def _ids(export: dict[str, dict[str, list[dict[str, str]]]]) -> Iterator[str]:
    for resource in export.get("deployment", {}).get("resources") or []:
        if "id" in resource:
            yield resource["id"]
