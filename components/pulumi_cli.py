"""Pulumi's own command line, for what the program asks of it while it runs."""

import json
import subprocess
from typing import Any

from pydantic import SecretStr

from .errors import UserError
from .stack_state import StackState

_TIMEOUT = 120
# By which an export tells what is secret, and where it has the value as JSON.
_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


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
    """Ask for a stack's state; what is secret in it is decrypted, and `repr` does not show it.

    Args:
        stack: the stack's name.

    Raises:
        UserError: if the state can't be read.
    """
    done = run_pulumi(["stack", "export", "--show-secrets", "-s", stack])
    if done.returncode != 0:
        raise UserError(
            f"the state of stack {stack} can't be read, so nobody knows what belongs to it",
            [f"`pulumi stack export -s {stack}` has to succeed; it said: {done.stderr.strip()}"],
        )
    export: dict[str, dict[str, Any]] = json.loads(done.stdout, object_hook=_hidden)
    return StackState.of(export.get("deployment", {}).get("resources") or [])


def _hidden(value: dict[str, Any]) -> Any:
    """A secret in place of how an export writes one; anything else as it is."""
    is_secret = value.get(_MARK) == _SECRET and isinstance(value.get("plaintext"), str)
    return SecretStr(value["plaintext"]) if is_secret else value
