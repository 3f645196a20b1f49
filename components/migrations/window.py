"""The stated window in which nothing serves: while migrations run that the old version can't bear.

Visitors get the edge's maintenance page. What was stopped for it is noted on the host, so that it
is started again if the new release turns out not to serve. By hand, `python3 -m
components.migrations.window DEPLOYMENT` sends visitors to the backends that run.
"""

import re
import sys
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from ..host import reach
from ..host.client import docker, docker_or_fail, fail, inspect, is_running
from ..host.what_serves import all_containers, reached_backends, running_containers
from ..inside import EDGE_CONFIGURATION, EDGE_CONTROL, PORT
from ..own_commands import run_module, typed
from ..step_output import say
from . import window_note
from .window_note import Note

DEADLINE = 90.0  # seconds for what is started again to answer


def begin(
    deployment: str,
    containers: Sequence[str],
    *,
    grace: int,
    unsafe: Collection[str],
    image: str,
) -> None:
    """Show the maintenance page, and stop what serves, and any other backend that runs.

    In a window that an interrupted update left open, what that one stopped is still what has to
    come back.

    Args:
        deployment: the deployment.
        containers: what serves.
        grace: seconds that requests in flight have to finish in.
        unsafe: the migrations that what serves can't live with.
        image: an image that is on the host.
    """
    before = window_note.read(deployment)
    if before is None or set(containers) - set(before.stopped):
        # What serves now was not stopped by that one: it is over.
        before = Note(deployment=deployment)
    noted = before.extended({name: _policy(name) for name in containers}, unsafe)
    noted.write(image)
    close(deployment)
    stop(list(dict.fromkeys([*containers, *running_containers(deployment)])), grace)
    say(
        f"window: {', '.join(noted.stopped)} stopped; the site is being maintained. If this update "
        "is cut off, the next `pulumi up` ends that"
    )


def close(deployment: str) -> None:
    """Let the edge answer with its maintenance page, if there is one that knows how."""
    for edge in running_containers(deployment, "edge"):
        if _has_control(edge):
            words = ("exec", edge, "python3", EDGE_CONTROL, "maintenance")
            docker_or_fail("showing the maintenance page", *words)


def stop(containers: Sequence[str], grace: int) -> None:
    """Stop containers, gracefully, all at once, and for good."""
    if containers:
        docker_or_fail("stopping what serves", "update", "--restart=no", *containers)
        docker_or_fail("stopping what serves", "stop", "--time", str(grace), *containers)


def is_open(deployment: str) -> bool:
    """Is there a window?"""
    return window_note.read(deployment) is not None


def forget_if_over(deployment: str) -> None:
    """Take a window for closed that was closed by hand: visitors reach what it did not stop."""
    noted = window_note.read(deployment)
    if noted and set(reached_backends(deployment)) - set(noted.stopped):
        window_note.remove(deployment)


def end(deployment: str, *, retire: Collection[str] = ()) -> None:
    """Visitors reach the new release, or again what served: what was stopped and runs, stays.

    Args:
        deployment: the deployment.
        retire: what is retired after this: it notes their restart policies, as they were before.
    """
    noted = _end(deployment, retire)
    if noted:
        seconds = (datetime.now(UTC) - noted.since).total_seconds()
        say(f"window: {seconds:.1f} s in which nothing served")


def _end(deployment: str, retire: Collection[str] = ()) -> Note | None:
    noted = window_note.read(deployment)
    if noted is None:
        return None
    for name, policy in noted.stopped.items():
        # One that was killed off before it was stopped, or that somebody started again.
        if is_running(name) or name in retire:
            docker("update", f"--restart={policy}", name)
    window_note.remove(deployment)
    return noted


def stopped_for_it(deployment: str) -> list[str]:
    """The containers that were stopped for the window that is open, if one is."""
    noted = window_note.read(deployment)
    return list(noted.stopped) if noted else []


def undo(deployment: str, applied: Collection[str] | None) -> str:
    """Start what was stopped again, and send visitors there; returns what came of it, in words.

    Where it could not live with what was committed, it stays stopped.

    Args:
        deployment: the deployment.
        applied: the migrations that the database has; None if it could not be asked.
    """
    noted = window_note.read(deployment) or Note(deployment=deployment)
    held = [name for name in noted.unsafe if applied is None or name in applied]
    if held:
        may_be = ", which may be in the database" if applied is None else ""
        return (
            f"Nothing serves: what was stopped can't live with {', '.join(held)}{may_be}, and "
            "visitors see the maintenance page. Mend the release and run `pulumi up`, or go back "
            f"to the copy that was made before (`{typed('restore')}` lists them)."
        )
    names = [name for name in noted.stopped if inspect(name) is not None]
    for name in names:
        docker("update", f"--restart={noted.stopped[name]}", name)
    problem = start(noted.deployment, names)
    if problem:
        return f"What was stopped does not serve again: {problem}."
    window_note.remove(deployment)
    return f"What was stopped serves again: {', '.join(names)}."


def start(deployment: str, containers: Sequence[str]) -> str:
    """Start containers, wait until they answer, and send visitors there.

    Returns:
        What went wrong; "" if all is well.
    """
    if not containers:
        return "none of its containers is there any more"
    said = docker("start", *containers)
    if said.returncode != 0:
        return said.stderr.decode(errors="replace").strip()
    backends = [name for name in containers if name in all_containers(deployment)]
    for name in backends:
        problem = _until_it_answers(name)
        if problem:
            return f"{name}: {problem}"
    return reopen(deployment, backends)


def reopen(deployment: str, backends: Sequence[str]) -> str:
    """Send visitors to backends again; returns what went wrong.

    An edge without a maintenance page was never told otherwise: its own checks bring them back.
    """
    for edge in running_containers(deployment, "edge"):
        if not backends or not _has_control(edge):
            continue
        # What was just started may not be known by its name yet.
        problem = _apply(edge, backends) and _apply(edge, backends)
        if problem:
            return f"{problem} (again: `{run_module('migrations.window', deployment)}`)"
    return ""


def _apply(edge: str, backends: Sequence[str]) -> str:
    config = docker("exec", edge, "cat", EDGE_CONFIGURATION).stdout.decode()
    servers = [f"  server {name} {name}:{PORT}" for name in backends]
    text = re.sub(r"^ *server slot.*\n?", "", config, flags=re.MULTILINE).rstrip()
    words = ("exec", "-i", edge, "python3", EDGE_CONTROL, "apply")
    said = docker(*words, stdin="\n".join([text, *servers, ""]).encode())
    return said.stderr.decode(errors="replace").strip() if said.returncode != 0 else ""


def _has_control(edge: str) -> bool:
    return docker("exec", edge, "test", "-f", EDGE_CONTROL).returncode == 0


def _policy(container: str) -> str:
    state: dict[str, Any] = inspect(container) or {}
    policy = state.get("HostConfig", {}).get("RestartPolicy", {})
    tries = f":{policy['MaximumRetryCount']}" if policy.get("MaximumRetryCount") else ""
    return f"{policy.get('Name') or 'no'}{tries}"


def _until_it_answers(container: str) -> str:
    deadline = time.monotonic() + DEADLINE
    while True:
        said = docker("exec", container, "python", "-m", "deploy_runtime.probe")
        if said.returncode == 0:
            return ""
        if time.monotonic() > deadline:
            lines = (said.stdout + said.stderr).decode(errors="replace").strip().splitlines()
            return f"no healthy answer within {DEADLINE:.0f} s: {lines[-1] if lines else ''}"
        time.sleep(0.3)


def main() -> None:
    """Send visitors to the backends of a deployment that run."""
    if len(sys.argv) != 2:
        fail(f"usage: {run_module('migrations.window', 'DEPLOYMENT')}")
    reach.check()
    backends = running_containers(sys.argv[1])
    problem = reopen(sys.argv[1], backends) if backends else "no backend of it runs"
    if problem:
        fail(f"{sys.argv[1]} is not reached: {problem}")
    _end(sys.argv[1])
    print(f"visitors of {sys.argv[1]} reach {', '.join(backends)}")


if __name__ == "__main__":
    main()
