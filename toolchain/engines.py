"""Which Pulumi engine is used, and where it comes from."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import official, paths
from .engine import build
from .errors import ToolchainError
from .progress import Step
from .shell import answer, run

# The oldest engine that this program's tests have run with. Older ones may well do, but nobody
# has tried, and the SDK in requirements.txt speaks the protocol of its own day.
MINIMUM = (3, 259, 0)
PLUGINS = ("docker", "command")

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Engine:
    """A Pulumi engine: `kind` is `yours` (on PATH), `official` or `built`.

    `bin` is the folder of its programs. A built engine has a PULUMI_HOME of its own, `home`:
    its plugins bear official names and must not serve the user's other programs.
    """

    kind: str
    version: str
    bin: Path
    home: Path | None = None

    def __str__(self) -> str:
        where = {
            "yours": f"yours, {self.bin / 'pulumi'}",
            "official": f"the official release, {self.bin}",
            "built": f"built from source, with stand-ins for its docker and command plugins; "
            f"{self.bin.parent}",
        }
        return f"Pulumi {self.version} ({where[self.kind]})"


def parse_version(text: str) -> Version | None:
    """`v3.259.0-alpha.1` as (3, 259, 0); None if it is no version."""
    match = re.match(r"\s*v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def version_of(package: str) -> str:
    """The version of a package that the program runs with: as it is installed, or locked."""
    if paths.INSTALLED:
        return importlib.metadata.version(package)
    return locked_version(package, (paths.ROOT / "requirements.txt").read_text())


def locked_version(package: str, lock: str) -> str:
    """The version of `package` in the text of a lock file."""
    match = re.search(rf"^{re.escape(package)}==([\w.]+)", lock, re.MULTILINE)
    if match is None:
        raise ToolchainError(f"{package} is not in requirements.txt", "Restore the file from git.")
    return match[1]


def plugin_versions() -> dict[str, str]:
    """The plugins that the SDKs belong to."""
    return {name: version_of(f"pulumi-{name}") for name in PLUGINS}


def has_plugins(pulumi_home: Path) -> bool:
    """Whether `pulumi_home` holds all of them, whole."""
    folders = [
        pulumi_home / "plugins" / f"resource-{name}-v{version}"
        for name, version in plugin_versions().items()
    ]
    partial = [folder.with_name(f"{folder.name}.partial") for folder in folders]
    return all(folder.is_dir() for folder in folders) and not any(p.exists() for p in partial)


def is_ours(path: str, env: Mapping[str, str]) -> bool:
    """Whether `path` lies in our cache: put on PATH by an earlier activation, not by the user."""
    return path.startswith(f"{paths.cache_dir(env)}/")


def user_home(env: Mapping[str, str]) -> Path:
    """The user's own PULUMI_HOME, whatever an earlier activation has set."""
    configured = env.get("PULUMI_HOME", "")
    if configured and not is_ours(configured, env):
        return Path(configured)
    return paths.home(env) / ".pulumi"


def on_path(env: Mapping[str, str]) -> Engine | None:
    """The user's own `pulumi`, of any version."""
    entries = [entry for entry in env.get("PATH", "").split(":") if not is_ours(entry, env)]
    program = shutil.which("pulumi", path=":".join(entries))
    if program is None:
        return None
    answered, text = answer([program, "version"], env=_quiet(env))
    version = text.strip().removeprefix("v") if answered else "?"
    return Engine("yours", version, Path(program).parent)


def new_enough(engine: Engine) -> bool:
    """Whether this program's tests vouch for `engine`."""
    version = parse_version(engine.version)
    return version is not None and version >= MINIMUM


def find(env: Mapping[str, str]) -> Engine | None:
    """The engine to use among those that are there and have their plugins; no network."""
    return _with_official_plugins(env) or _built(env)


def _with_official_plugins(env: Mapping[str, str]) -> Engine | None:
    yours, downloaded = on_path(env), _official(env)
    if not has_plugins(user_home(env)):
        return None
    if yours and new_enough(yours):
        return yours
    return downloaded if (downloaded.bin / "pulumi").is_file() else None


def why_not_yours(engine: Engine, env: Mapping[str, str]) -> str:
    """Why `engine` is used and not the user's own; empty where it is, or where there is none."""
    yours = on_path(env)
    if engine.kind == "yours" or yours is None:
        return ""
    if not new_enough(yours):
        reason = f"it is {yours.version}, and {'.'.join(map(str, MINIMUM))} or newer is needed"
    else:
        wanted = " and ".join(f"{name} {version}" for name, version in plugin_versions().items())
        reason = f"{user_home(env) / 'plugins'} lacks the plugins {wanted}"
        recalled = official.recall(env)
        reason += f"; {recalled}" if recalled else ""
    return f"not used: {yours.bin / 'pulumi'}, because {reason}"


def _official(env: Mapping[str, str]) -> Engine:
    version = version_of("pulumi")
    return Engine("official", version, paths.cache_dir(env) / f"engine-official-{version}" / "bin")


def _built(env: Mapping[str, str]) -> Engine | None:
    folder = paths.cache_dir(env) / f"engine-{build.engine_key()}"
    if not (build.is_complete(folder) and has_plugins(folder / "home")):
        return None
    answered, version = answer([folder / "bin" / "pulumi", "version"], env=_quiet(env, folder))
    if not answered:
        raise ToolchainError(
            f"the engine in {folder} does not run: {version}",
            f"Remove it and run this again:  rm -r {folder}",
        )
    return Engine("built", version.removeprefix("v"), folder / "bin", folder / "home")


def _quiet(env: Mapping[str, str], folder: Path | None = None) -> dict[str, str]:
    """An environment in which the CLI asks no server whether it is the latest."""
    home = {"PULUMI_HOME": f"{folder}/home"} if folder else {}
    return {**env, **home, "PULUMI_SKIP_UPDATE_CHECK": "true"}


def ensure(step: Step, env: Mapping[str, str], *, ask_again: bool = False) -> Engine:
    """Finds an engine or gets one: the official one wherever it can be had, else one that is built.

    Args:
        step: where it is reported.
        env: the user's environment.
        ask_again: ask Pulumi's hosts though they did not answer a moment ago.
    """
    engine = _with_official_plugins(env)
    there = engine or _built(env)
    # An engine that is there spares the wait for hosts that were silent a moment ago.
    if engine is None and (there is None or ask_again or not official.recall(env)):
        engine = _get_official(step, env)
    engine = engine or there or _build(step, env)
    reason = why_not_yours(engine, env)
    if reason:
        step.say(reason)
    if engine == there:
        step.already(str(engine))
    else:
        step.done(str(engine))
    return engine


def _get_official(step: Step, env: Mapping[str, str]) -> Engine | None:
    """The user's engine or the official release, with plugins; None where they can't be had."""
    yours, engine = on_path(env), _official(env)
    url = official.archive_url(engine.version)
    step.update(f"asking for {url}")
    if not official.reachable(url):
        official.remember(env, f"{official.HOST} does not answer")
        step.say(f"Pulumi's download host, {official.HOST}, does not answer here")
        return None
    try:
        if yours and new_enough(yours):
            engine = yours
        elif not (engine.bin / "pulumi").is_file():
            official.install(url, engine.bin.parent, step)
        for name, version in plugin_versions().items():
            step.update(f"downloading the {name} plugin {version}")
            command = [str(engine.bin / "pulumi"), "plugin", "install", "resource", name, version]
            run(command, on_line=step.update, env=_official_env(env))
    except ToolchainError as error:
        official.remember(env, error.problem)
        step.say(f"the official engine can't be had: {error.problem}")
        return None
    return engine


def _official_env(env: Mapping[str, str]) -> dict[str, str]:
    # Where an earlier activation named the built engine's home, plugins would land there.
    return {**env, "PULUMI_HOME": str(user_home(env)), "PULUMI_SKIP_UPDATE_CHECK": "true"}


def _build(step: Step, env: Mapping[str, str]) -> Engine:
    if shutil.which("go", path=env.get("PATH")) is None:
        raise ToolchainError(
            "there is no Pulumi engine: no `pulumi` on PATH that is new enough, Pulumi's download "
            "host does not answer, and without Go none can be built",
            "Install Pulumi (https://www.pulumi.com/docs/install/) or Go, and run this again.",
        )
    step.say(
        "Building the Pulumi engine from Go modules: once, some minutes; kept for later clones"
    )

    def tell(line: str) -> None:
        text = line.strip().removeprefix("engine: ")
        step.update(text)
        if ": done in " in text:
            step.say(text)

    run(
        [sys.executable, str(paths.ENGINE_SOURCE / "build.py")],
        on_line=tell,
        env=env,
        separate=True,
        what="building the engine",
    )
    built = _built(env)
    if built is None:
        raise ToolchainError(
            "the engine that was built lacks plugins of the versions in requirements.txt",
            f"{paths.ENGINE_SOURCE / 'build.py'} and requirements.txt have to name the same ones.",
        )
    return built
