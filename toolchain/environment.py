"""What `source ./activate` exports, and what `make` runs Pulumi with: one and the same."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

from . import daemon, paths
from .engines import Engine, is_ours, user_home
from .errors import ToolchainError

# Variables to set, or with None to unset.
Exports = dict[str, str | None]


def tools(engine: Engine, env: Mapping[str, str]) -> Exports:
    """The variables that put engine and Python environment first on PATH, whatever was there."""
    first = [str(paths.VENV / "bin")]
    if engine.kind != "yours":
        first.append(str(engine.bin))
    rest = env.get("PATH", "").split(":")
    kept = [entry for entry in rest if entry not in first and not is_ours(entry, env)]
    exports: Exports = {
        "PATH": ":".join([*first, *kept]),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # A clone whose stack's file lacks the salt takes the state's, and writes no other into it.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    if paths.INSTALLED:
        # Python would leave `__pycache__` beside the program, in the application's repository.
        exports["PYTHONDONTWRITEBYTECODE"] = "1"
    if not paths.INSTALLED or (paths.VENV / "pyvenv.cfg").is_file():
        exports["VIRTUAL_ENV"] = str(paths.VENV)
    if engine.home:
        exports["PULUMI_HOME"] = str(engine.home)
        # Its version is older than the SDK's, which the Automation API would refuse.
        exports["PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK"] = "true"
    elif is_ours(env.get("PULUMI_HOME", ""), env):
        exports["PULUMI_HOME"] = None
    host = daemon.endpoint(env)
    if host:
        exports["DOCKER_HOST"] = host
    return exports


def state(engine: Engine, env: Mapping[str, str]) -> Exports:
    """The variables that say where state is kept and what encrypts its secrets.

    The user's own login and passphrase are honoured; without them both live in the state folder.
    No passphrase is made for a state that is elsewhere: others need it, or this machine is gone
    tomorrow.
    """
    exports: Exports = {}
    folder = paths.state_dir(env)
    backend = f"file://{folder / 'pulumi'}"
    credentials = Path(env.get("PULUMI_CREDENTIALS_PATH") or user_home(env))
    logged_in = has_login(credentials) or bool(env.get("PULUMI_ACCESS_TOKEN"))
    if env.get("PULUMI_BACKEND_URL", backend) == backend:
        # None: a login that was made after an earlier activation.
        exports["PULUMI_BACKEND_URL"] = None if logged_in else backend
    if engine.home:
        # The built engine has a home of its own: logins, old and new, stay in the user's.
        exports["PULUMI_CREDENTIALS_PATH"] = str(credentials)
    passphrase = folder / "passphrase"
    chosen = env.get("PULUMI_CONFIG_PASSPHRASE_FILE", str(passphrase))
    if "PULUMI_CONFIG_PASSPHRASE" not in env and chosen == str(passphrase):
        is_wanted = exports.get("PULUMI_BACKEND_URL") == backend or passphrase.exists()
        exports["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase) if is_wanted else None
    return exports


def has_login(folder: Path) -> bool:
    """Whether `folder` holds the credentials of a current `pulumi login`."""
    try:
        credentials = json.loads((folder / "credentials.json").read_text())
    except (OSError, ValueError):
        return False
    return isinstance(credentials, dict) and bool(credentials.get("current"))


def make_state(exports: Exports, env: Mapping[str, str]) -> None:
    """Makes the folders and the passphrase that `exports` refers to, where they are missing."""
    folder = paths.state_dir(env)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if exports.get("PULUMI_BACKEND_URL"):
        (folder / "pulumi").mkdir(mode=0o700, exist_ok=True)
    if exports.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        make_passphrase(folder / "passphrase", encrypted=folder / "pulumi" / ".pulumi" / "stacks")


def make_passphrase(file: Path, encrypted: Path) -> None:
    """Generates the passphrase once, readable by its owner only.

    Raises ToolchainError if it is gone while there are still stacks `encrypted` with it: another
    passphrase would only turn that into puzzling errors later.
    """
    if file.exists():
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
        if not file.read_text().strip():
            raise ToolchainError(f"the passphrase file {file} is empty", _LOST)
        return
    if any(encrypted.rglob("*.json")):
        raise ToolchainError(
            f"the passphrase of your stacks' secrets is gone: {file} does not exist", _LOST
        )
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as output:
        output.write(secrets.token_urlsafe(32) + "\n")
    # A hard link appears whole or not at all, and never replaces one that somebody else made.
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()


_LOST = (
    "Put it back from a backup, or name another: PULUMI_CONFIG_PASSPHRASE_FILE=FILE.\n"
    "If it is lost for good, so are the stacks' secrets: see docs/recovery.md."
)


def applied(env: Mapping[str, str], *parts: Exports) -> dict[str, str]:
    """`env` with all of `parts` set and unset in it."""
    result = dict(env)
    for name, value in ((name, value) for part in parts for name, value in part.items()):
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def shell_text(*parts: Exports) -> str:
    """The same as assignments that any POSIX shell can evaluate."""
    lines = []
    for name, value in ((name, value) for part in parts for name, value in part.items()):
        lines.append(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    return "\n".join(lines)
