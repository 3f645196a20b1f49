"""Pulumi's own command line, for what the program asks of it while it runs."""

import json
import subprocess
from typing import Any

from .errors import UserError
from .stack_state import StackState

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


def read_state(stack: str) -> StackState:
    """Ask for a stack's state.

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
    export: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return StackState.of(export.get("deployment", {}).get("resources") or [])
