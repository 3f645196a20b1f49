"""`make up`, `make preview` and `make destroy`: what is missing is got, then Pulumi is run."""

from __future__ import annotations

import sys

from . import farewell, stack
from .errors import ToolchainError
from .prepare import prepare
from .progress import Progress
from .shell import stream
from .wording import typed


def up(name: str) -> int:
    """From a bare machine to a running site."""
    with stack.file_as_it_was(name):
        return _up(name)


def _up(name: str) -> int:
    progress = Progress()
    env = prepare(progress, name)
    with progress.step("pulumi up", silent=True) as step:
        code = stream(["pulumi", "up", "--yes", "-s", name], env=env)
        step.done("done" if code == 0 else f"failed (exit code {code})")
    if code != 0:
        _explain_failure("up", name, env)
        return code
    farewell.say_where_it_is(name, env, progress)
    return 0


def pulumi(command: str, name: str) -> int:
    """Preview, or destroy: that one asks first, unless there is nobody to answer."""
    with stack.file_as_it_was(name):
        return _pulumi(command, name)


def _pulumi(command: str, name: str) -> int:
    env = prepare(Progress(), name, may_install=command == "preview")
    unattended = command == "destroy" and not sys.stdin.isatty()
    code = stream(["pulumi", command, *(["--yes"] if unattended else []), "-s", name], env=env)
    if code != 0:
        _explain_failure(command, name, env)
    return code


def _explain_failure(command: str, name: str, env: dict[str, str]) -> None:
    remedy = stack.diagnose(name, env) or (
        "Put right what it names, and run the same again. If an earlier run was cut off (a lock,\n"
        f"pending operations, an unreadable state): `{typed('recover', name)}`."
    )
    error = ToolchainError(f"pulumi {command} failed: what went wrong is said above", remedy)
    print(error, file=sys.stderr)
