"""`make doctor`: what is wrong on this machine, with a stack, and on its Docker host.

It asks everything that `make up` would, gets nothing and changes nothing.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from . import engines, environment, paths, stack, venv
from .errors import ToolchainError
from .shell import answer
from .wording import typed

_doctor, _finding = paths.program("operate.doctor"), paths.program("host.finding")
host, show = _doctor.host, _doctor.show
good, unknown, wrong = _finding.good, _finding.unknown, _finding.wrong
Finding: TypeAlias = Any

_ROOM = 1e9  # bytes: states are small, an engine that is built is not
_SECONDS = 60.0


def doctor(name: str, site: str = "") -> int:
    """Looks at everything, and prints what was found; the exit code is 1 if anything is wrong."""
    stack.check(name)
    code: int = show(examine(name, os.environ, site))
    return code


def examine(name: str, env: Mapping[str, str], site: str = "") -> Iterator[Finding]:
    """What there is to say of this machine, the stack `name`, and the host that it goes to."""
    yield good("python", f"{platform.python_version()}, {venv.python()}")
    problem = "" if paths.INSTALLED else venv.problem(paths.VENV, paths.ROOT, venv.LOCK)
    if problem:
        yield wrong("environment", problem, f"`{typed('env')}`")
    else:
        yield good("environment", str(paths.VENV))
    engine = engines.find(env)
    yield from _engine(engine, env)
    yield _room(env)
    # What follows is asked of both.
    port = 0
    if engine and not problem:
        exports = environment.state(engine, env)
        applied = environment.applied(env, environment.tools(engine, env), exports)
        yield _passphrase(applied)
        found, port = _config(name, applied)
        yield from found
    # The program of the host's daemon is the environment's, if that is there.
    try:
        if not problem:
            stack.go_to_host(name)
        deployment = _deployment(name, site, problem)
    except ToolchainError as error:
        yield from _without_site(name, error)
    else:
        yield from host(deployment, port)


def dry_run(name: str) -> str:
    """The command that only says what an interrupted update left."""
    if paths.INSTALLED:
        return f"{typed('recover', name)} --dry-run"
    return typed("recover", name, dry_run="yes")


def _without_site(name: str, error: ToolchainError) -> Iterator[Finding]:
    """What there is to say of the host where it isn't known which site is meant."""
    found = [one for one in host(_default(name), 0) if one.of != "site"]
    yield from found
    if len(found) > 1:
        yield wrong("site", error.problem, error.remedy)


def _default(name: str) -> str:
    default: str = paths.program("place").default_deployment(name)
    return default


def _deployment(name: str, site: str, problem: str) -> str:
    return site or _default(name) if problem else stack.deployment(name, site)


def _engine(engine: engines.Engine | None, env: Mapping[str, str]) -> Iterator[Finding]:
    if engine is None:
        yours = engines.on_path(env)
        said = f"{yours.bin / 'pulumi'} lacks its plugins" if yours else "there is none"
        yield wrong("engine", said, f"`{typed('engine')}`")
        return
    yield good("engine", str(engine))
    plugins = ", ".join(f"{name} {version}" for name, version in engines.plugin_versions().items())
    yield good("plugins", plugins)


def _room(env: Mapping[str, str]) -> Finding:
    folder = paths.state_dir(env)
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / 1e9:.1f} GB are free at {there}"
    if free < _ROOM:
        return wrong("this machine", said, f"make room on the disk of {there}: `df -h {there}`")
    return good("this machine", said)


def _passphrase(env: Mapping[str, str]) -> Finding:
    if env.get("PULUMI_CONFIG_PASSPHRASE"):
        return good("passphrase", "in PULUMI_CONFIG_PASSPHRASE")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in env:
        return _no_passphrase(env)
    file = Path(env.get("PULUMI_CONFIG_PASSPHRASE_FILE", ""))
    if not file.is_file():
        said = f"{file} is not there"
        if file == paths.state_dir(env) / "passphrase" and not has_states(env):
            return unknown("passphrase", f"{said} yet: `{typed('up')}` makes one")
        mends = (
            "put it back from a backup, or set PULUMI_CONFIG_PASSPHRASE_FILE to the file that "
            "holds it (docs/recovery.md)"
        )
        return wrong("passphrase", said, mends)
    if not file.read_text().strip():
        return wrong("passphrase", f"{file} is empty", "put it back from a backup")
    if file.stat().st_mode & 0o077:
        return wrong("passphrase", f"others can read {file}", f"`chmod 600 {file}`")
    return good("passphrase", f"in {file}")


def _no_passphrase(env: Mapping[str, str]) -> Finding:
    where = env.get("PULUMI_BACKEND_URL", "")
    if not where or where.startswith("http"):
        return unknown("passphrase", "none is set; Pulumi's own service needs none")
    mends = (
        "set PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds the one of all who deploy "
        "(docs/teams.md)"
    )
    return wrong("passphrase", "none is set, and the state is not this machine's alone", mends)


def has_states(env: Mapping[str, str]) -> bool:
    """Whether there is anything that was encrypted with the passphrase of this folder."""
    return any((paths.state_dir(env) / "pulumi/.pulumi/stacks").rglob("*.json"))


def _config(name: str, env: Mapping[str, str]) -> tuple[list[Finding], int]:
    """What is found of the stack's state and config, and the port that it names; 0 for none."""
    known, text = answer(["pulumi", "config", "-s", name], env=env, seconds=_SECONDS)
    if not known and "no stack named" in text:
        return [unknown("state", f"there is no stack {name} in it yet: `{typed('up', name)}`")], 0
    if not known:
        mends = stack.remedy(text) or f"`{dry_run(name)}` says more"
        return [wrong("state", _last(text), mends)], 0
    found = [_state(name, env)]
    if stack.is_own_program():
        own = "the arguments of your own program: `pulumi preview` looks at them"
        return [*found, unknown("config", own)], 0
    right, said = _checked(name, env)
    if right:
        return [*found, good("config", str(stack.config_file(name)))], int(said)
    mends = "each line above names the key and the command that sets it"
    return [*found, wrong("config", said, mends)], 0


def _state(name: str, env: Mapping[str, str]) -> Finding:
    words = [str(paths.VENV / "bin/python"), "-m", f"{paths.PROGRAM}.recover", name, "--dry-run"]
    done, text = answer(words, env=env, cwd=paths.ROOT, seconds=_SECONDS)
    if done and "Nothing to recover" in text:
        return good("state", "whole; nothing was interrupted")
    said = [line.strip() for line in text.splitlines() if line.startswith("   found:")]
    if done and said:
        return wrong("state", "; ".join(said), f"`{typed('recover', name)}`")
    return wrong("state", _last(text), f"`{dry_run(name)}` says more")


def _checked(name: str, env: Mapping[str, str]) -> tuple[bool, str]:
    asked = ["pulumi", "config", "--json", "--show-secrets", "-s", name]
    told = subprocess.run(asked, env=dict(env), cwd=paths.ROOT, capture_output=True, check=False)
    if told.returncode != 0:
        return False, _last(told.stderr.decode(errors="replace"))
    words = [str(paths.VENV / "bin/python"), "-m", f"{paths.PROGRAM}.config.check", name]
    # Its secrets go from one to the other, and nowhere else.
    done = subprocess.run(
        words, env=dict(env), cwd=paths.ROOT, input=told.stdout, capture_output=True, check=False
    )
    text = (done.stdout if done.returncode == 0 else done.stderr).decode(errors="replace").strip()
    return done.returncode == 0, text


def _last(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it said nothing")
