"""Where things live: the program, and the two folders outside it that outlive it.

The program is a checkout, of which this package is a folder; or it is installed, with this package
inside of it. Then the stacks are those of the Pulumi project that one stands in.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PRODUCT = "django-on-docker"
_HERE = Path(__file__).resolve().parent
_ABOVE = __name__.rpartition(".")[0].rpartition(".")[0]

INSTALLED = bool(_ABOVE)
"""The program is an installed package, and not a checkout."""

PROGRAM = _ABOVE or "components"
"""The package with what Pulumi runs."""

FOLDER = "deploy"
"""What `init` calls the folder that it makes in an application's repository."""


def _project_folder(here: Path) -> Path:
    below = here / FOLDER
    return below if not _declares(here) and _declares(below) else here


def _declares(folder: Path) -> bool:
    return (folder / "Pulumi.yaml").is_file()


ROOT = _project_folder(Path.cwd()) if INSTALLED else _HERE.parent
"""The folder of Pulumi.yaml: the checkout, or with an installed program the one that one stands in,
or `deploy` below it.
"""

VENV = Path(sys.prefix) if INSTALLED else ROOT / ".venv"
ENGINE_SOURCE = _HERE / "engine"


def program(module: str) -> Any:
    """A module of the program, by its name below its package."""
    return importlib.import_module(f"{PROGRAM}.{module}")


def _stacks() -> Path:
    # A checkout is asked before there is anything that reads YAML.
    return program("config.stack_file").stack_folder(ROOT) if INSTALLED else ROOT / "stacks"


def _project() -> str:
    return program("config.stack_file").project_name(ROOT) if INSTALLED else PRODUCT


STACKS: Path = _stacks()
"""The folder of the stacks' config files."""

PROJECT: str = _project()
"""The name of the Pulumi project."""


def state_dir(env: Mapping[str, str]) -> Path:
    """What must not be lost: Pulumi's state and the passphrase of its secrets."""
    return _base(env, "XDG_STATE_HOME", ".local/state") / PRODUCT


def cache_dir(env: Mapping[str, str]) -> Path:
    """What can be made again: engines, and work in progress on the base image."""
    return _base(env, "XDG_CACHE_HOME", ".cache") / PRODUCT


def home(env: Mapping[str, str]) -> Path:
    """The user's home folder."""
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def _base(env: Mapping[str, str], variable: str, default: str) -> Path:
    # The XDG specification: a relative path is invalid and has to be ignored.
    value = env.get(variable, "")
    return Path(value) if value.startswith("/") else home(env) / default
