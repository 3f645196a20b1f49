"""`docker compose` for whoever needs it: the docker client's own, or the one built from source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from toolchain.compose import build
from toolchain.engine.build import BuildError
from toolchain.errors import ToolchainError
from toolchain.paths import home
from toolchain.shell import answer

PLUGINS = "cli-plugins"


def environment(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return `env`, changed so that `docker compose` works in it; it is built if need be.

    The user's own docker configuration is neither read nor changed: where it lacks Compose,
    `folder` becomes one that refers to everything in it and has Compose besides.

    Args:
        folder: a folder of the caller's, for as long as the environment is used.
        env: the environment of the commands to run.

    Raises:
        ToolchainError: the docker client has no Compose, and none could be built.
    """
    if answer(["docker", "compose", "version"], env=env)[0]:
        return dict(env)
    try:
        compose = build.ensure() / build.BINARY
    except BuildError as error:
        raise ToolchainError(f"`docker compose` is missing, and {error}") from None
    users = Path(env.get("DOCKER_CONFIG") or home(env) / ".docker")
    _refer(users, folder, leave_out=PLUGINS)
    _refer(users / PLUGINS, folder / PLUGINS, leave_out=build.BINARY)
    (folder / PLUGINS / build.BINARY).symlink_to(compose)
    return {**env, "DOCKER_CONFIG": str(folder)}


def _refer(source: Path, target: Path, *, leave_out: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir() if source.is_dir() else ():
        if entry.name != leave_out:
            (target / entry.name).symlink_to(entry.resolve())
