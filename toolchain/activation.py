"""`source ./activate`: puts the environment and the engine first on a shell's PATH."""

from __future__ import annotations

import os
import shlex
import sys

from . import engines, environment, paths, venv
from .errors import ToolchainError
from .wording import ACTIVATE, typed


def print_environment() -> None:
    """For `activate`: assignments on stdout. Gets nothing, builds nothing and asks no network."""
    engine = engines.find(os.environ)
    if engine is None:
        raise ToolchainError("there is no Pulumi engine yet", f"Run `{typed('env')}` first.")
    problem = "" if paths.INSTALLED else venv.problem(paths.VENV, paths.ROOT, venv.LOCK)
    if problem:
        raise ToolchainError(problem, _environment_remedy())
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    print(
        "\n".join(filter(None, (str(engine), engines.why_not_yours(engine, os.environ)))),
        file=sys.stderr,
    )
    print(environment.shell_text(environment.tools(engine, os.environ), exports))


def _environment_remedy() -> str:
    maker = venv.maker(paths.VENV)
    if not maker or maker == str(venv.python().resolve()):
        return "Run `make env`: it makes the environment anew."
    return (
        f"To use that Python:  PYTHON={shlex.quote(maker)} {ACTIVATE}\nTo use this one:  make env"
    )
