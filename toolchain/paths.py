"""Where things live: the checkout, and the two folders outside it that outlive it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PROJECT = "django-on-docker"
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STACKS = ROOT / "stacks"
ENGINE_SOURCE = ROOT / "toolchain" / "engine"


def state_dir(env: Mapping[str, str]) -> Path:
    """What must not be lost: Pulumi's state and the passphrase of its secrets."""
    return _base(env, "XDG_STATE_HOME", ".local/state") / PROJECT


def cache_dir(env: Mapping[str, str]) -> Path:
    """What can be made again: engines, and work in progress on the base image."""
    return _base(env, "XDG_CACHE_HOME", ".cache") / PROJECT


def home(env: Mapping[str, str]) -> Path:
    """The user's home folder."""
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def _base(env: Mapping[str, str], variable: str, default: str) -> Path:
    # The XDG specification: a relative path is invalid and has to be ignored.
    value = env.get(variable, "")
    return Path(value) if value.startswith("/") else home(env) / default
