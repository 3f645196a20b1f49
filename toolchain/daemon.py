"""The Docker daemon: the one that answers, else one that is started or installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import apt, paths
from .errors import ToolchainError
from .progress import Step
from .shell import answer, run, spawn_daemon

REFUSE = "INSTALL_DOCKER"
SECONDS_TO_START = 30.0
SERVER_PATHS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def endpoint(env: Mapping[str, str]) -> str:
    """The daemon's address if the user has chosen one: by DOCKER_HOST or by a context, else empty.

    Pulumi's docker provider knows nothing of the Docker client's contexts: a chosen one has to
    reach it as DOCKER_HOST.
    """
    if env.get("DOCKER_HOST"):
        return env["DOCKER_HOST"]
    context = env.get("DOCKER_CONTEXT") or _configured_context(env)
    if context in {"", "default"}:
        return ""
    command = ["docker", "context", "inspect", context, "--format", "{{.Endpoints.docker.Host}}"]
    found, host = answer(command, env=env)
    return host if found else ""


def _configured_context(env: Mapping[str, str]) -> str:
    folder = Path(env.get("DOCKER_CONFIG") or paths.home(env) / ".docker")
    try:
        return str(json.loads((folder / "config.json").read_text()).get("currentContext", ""))
    except (OSError, ValueError):
        return ""


def ensure(
    step: Step, env: Mapping[str, str], *, may_install: bool = True, named_by: str = ""
) -> None:
    """Sees to it that a daemon answers; starts or installs one only if `may_install`.

    `named_by` is what named it, where that is neither DOCKER_HOST nor a context.

    Raises ToolchainError that says what to do where nothing can be done, or INSTALL_DOCKER=no.
    """
    answers, reply = _ask(env)
    if answers:
        step.already(f"Docker {reply} at {endpoint(env) or 'its default socket'}")
        return
    _refuse_what_cannot_be_mended(reply, env, named_by)
    installed = _dockerd(env) is not None
    if not (may_install and apt.is_root()) or env.get(REFUSE, "").lower() == "no":
        raise ToolchainError(f"no Docker daemon answers: {_last(reply)}", _remedy(env, installed))
    if not (installed and _client(env)):
        _install(step)
    log = _start(step, env)
    _, version = _ask(env)
    step.done(f"Docker {version}, {'started' if installed else 'installed and started'}{log}")


def _ask(env: Mapping[str, str]) -> tuple[bool, str]:
    return answer(["docker", "version", "--format", "{{.Server.Version}}"], env=env)


def _last(reply: str) -> str:
    return reply.splitlines()[-1].strip() if reply else "it said nothing"


def _client(env: Mapping[str, str]) -> str | None:
    return shutil.which("docker", path=env.get("PATH"))


def _dockerd(env: Mapping[str, str]) -> str | None:
    # Its folder is on the PATH of root only, if that.
    return shutil.which("dockerd", path=f"{env.get('PATH', '')}:{SERVER_PATHS}")


def _refuse_what_cannot_be_mended(reply: str, env: Mapping[str, str], named_by: str) -> None:
    chosen = endpoint(env)
    if chosen and _client(env):
        how = named_by or (
            "DOCKER_HOST" if env.get("DOCKER_HOST") else "the current Docker context"
        )
        raise ToolchainError(
            f"the Docker daemon at {chosen}, named by {how}, does not answer: {_last(reply)}",
            "\n".join([*_mends(chosen, reply), f"Or choose another: {how} is not overruled."]),
        )
    if "permission denied" in reply.lower():
        raise ToolchainError(
            f"the Docker daemon runs, but you may not talk to it: {_last(reply)}",
            "Join its group, then log in again:  sudo usermod -aG docker $USER",
        )


def _mends(chosen: str, reply: str) -> list[str]:
    """What is known to mend a daemon elsewhere that does not answer."""
    known: list[str] = paths.program("remedies").address_remedies(chosen, reply)
    return known if chosen.startswith("ssh:") else ["Start it there."]


def _remedy(env: Mapping[str, str], installed: bool) -> str:
    if installed:
        return "Start it:  sudo systemctl start docker   (or: sudo service docker start)"
    lines = ["Install Docker Engine 20.10 or newer, start it, and run this again."]
    if apt.available() and not apt.is_root():
        lines.append("On this machine:  sudo apt-get install docker.io")
        lines.append("Run as root, this command does it for you.")
    if env.get(REFUSE):
        lines.append(f"({REFUSE}={env[REFUSE]}: so nothing was installed or started.)")
    lines.append("To use a daemon elsewhere:  export DOCKER_HOST=ssh://user@host")
    return "\n".join(lines)


def _install(step: Step) -> None:
    if not apt.available():
        raise ToolchainError(
            "no Docker daemon answers, and this machine is neither Debian nor Ubuntu",
            "Install Docker Engine 20.10 or newer, start it, and run this again.",
        )
    step.say("No Docker daemon answers: installing docker.io with apt-get and starting it, as root")
    step.say(f"(to refuse: Ctrl-C now, and {REFUSE}=no from then on)")
    apt.refresh(step)
    # Newer releases of Debian have the client in a package of its own that is only recommended.
    client = ["docker-cli"] if apt.has_package("docker-cli") else []
    apt.install(["docker.io", *client, "iptables", "ca-certificates"], step)


def _start(step: Step, env: Mapping[str, str]) -> str:
    """Starts the installed daemon by the first way that works; says where it logs, if by hand."""
    for command in _service_commands():
        step.update(" ".join(command))
        try:
            run(command, on_line=step.update)
        except ToolchainError as error:
            step.say(": ".join([error.problem, *error.output[-1:]]))
            continue
        if _wait(env, None):
            return ""
    return f", log in {_start_by_hand(step, env)}"


def _service_commands() -> list[list[str]]:
    if Path("/run/systemd/system").is_dir():
        return [["systemctl", "start", "docker"]]
    if shutil.which("service") and Path("/etc/init.d/docker").exists():
        return [["service", "docker", "start"]]
    return []


def _start_by_hand(step: Step, env: Mapping[str, str]) -> Path:
    dockerd = _dockerd(env)
    if dockerd is None:
        raise ToolchainError("docker.io is installed, but there is no dockerd among its programs")
    folder = paths.state_dir(env)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "dockerd.log"
    step.say(f"No service manager started Docker: running {dockerd} by itself, log in {log}")
    process = spawn_daemon([dockerd], log)
    if not _wait(env, process):
        last = log.read_text(errors="replace").splitlines()[-15:]
        raise ToolchainError(
            f"dockerd did not come up within {SECONDS_TO_START:.0f} s",
            f"Its whole log: {log}\nDocker may not be able to run on this machine; to use a daemon "
            "elsewhere:  export DOCKER_HOST=ssh://user@host",
            [re.sub(r'^time="[^"]*" ', "", line) for line in last],
        )
    process.returncode = process.returncode or 0  # no longer ours: it is meant to outlive us
    return log


def _wait(env: Mapping[str, str], process: subprocess.Popen[bytes] | None) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if _ask(env)[0]:
            return True
        if process and process.poll() is not None:
            return _ask(env)[0]
        time.sleep(0.5)
    return False
