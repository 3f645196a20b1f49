"""The gate: waits until a new backend answers its health probe, or fails the update.

It fails at once when the container exits or turns unhealthy, and shows its last lines. A container
that failed is stopped and not restarted any more, so that it neither crash-loops nor turns healthy
later: the same release fails again, for the same reason, until something is changed.

A site that answers its health probe may have nothing but error pages for visitors. So `/` is asked
for as well, of which an error is said, and each of `processes.web.smoke`, of which one is a
refusal.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from deploy_runtime.remedies import remedy_for

from ..host import out_of_memory
from ..host.client import docker, fail, inspect
from ..host.limits import limit_processes
from ..host.masked_output import last_lines
from ..inside import BUILD_REPORT
from ..migrations import aftermath
from ..migrations.applied import description
from ..own_commands import typed
from ..step_output import result, say
from . import gate_rejection, smoke_pages
from .gate_rejection import Rejection

INTERVAL = 0.3
REPORT_EVERY = 15.0


def verdict(state: dict[str, Any]) -> str | None:
    """What is wrong with a container, from what the daemon says of it; None if nothing is."""
    if state["RestartCount"] > 0 or state["State"]["Status"] == "restarting":
        return f"it exited{_first_code(state)} and was restarted"
    if state["State"]["Status"] != "running":
        oom = ", out of memory" if state["State"].get("OOMKilled") else ""
        return f"it exited with code {state['State']['ExitCode']}{oom}"
    if state["State"].get("Health", {}).get("Status") == "unhealthy":
        return "it is unhealthy"
    return None


def _first_code(state: dict[str, Any]) -> str:
    # While it runs again the daemon says 0; what it ended with is among the daemon's events.
    code = state["State"]["ExitCode"]
    if not code:
        words = ("events", "--since", state.get("Created", ""), "--until", "0s")
        died = ("--filter", f"container={state.get('Id', '')}", "--filter", "event=die")
        done = docker(*words, *died, "--format", "{{.Actor.Attributes.exitCode}}")
        codes = done.stdout.decode().split() if done.returncode == 0 else []
        code = codes[0] if codes else ""
    return f" with code {code}" if code else ""


def wait(container: str, timeout: float, probe: Callable[[str], str | None]) -> None:
    """Wait until a container's probe passes.

    Args:
        container: the container's name or id.
        timeout: seconds to wait at most.
        probe: returns None once the container answers, else what it answered.
    """
    started = time.monotonic()
    reported = started
    while True:
        state = inspect(container)
        if state is None:
            fail(f"gate: container {container} is gone: run `pulumi up --refresh`")
        problem = verdict(state)
        if problem:
            _reject(container, problem, _began_again(state))
        answer = probe(container)
        if answer is None:
            return
        now = time.monotonic()
        if now - started > timeout:
            _reject(
                container,
                f"no healthy answer within {timeout:.0f} s (processes.web.gateTimeout): {answer}",
            )
        if now - reported > REPORT_EVERY:
            reported = now
            say(f"gate: waiting for {container}, {now - started:.0f} s: {answer}")
        time.sleep(INTERVAL)


def _began_again(state: dict[str, Any]) -> str:
    """When a container was started again, as a time of the daemon's; "" if it wasn't."""
    # Why it had ended is what matters, not its new beginning. The last lines before that may be
    # noted after the end itself.
    began, ended = (state["State"].get(key, "") for key in ("StartedAt", "FinishedAt"))
    return began if state["RestartCount"] and began > ended else ""


def probe(container: str) -> str | None:
    """Ask the health endpoint from inside the container."""
    done = docker("exec", container, "python", "-m", "deploy_runtime.probe")
    if done.returncode == 0:
        return None
    lines = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no answer"


def publish(container: str) -> None:
    """Have a release that passed put its static files where later ones find them.

    What prevents that is said, and no reason to fail. An old release may not know how to.
    """
    done = docker("exec", container, "python", "-m", "deploy_runtime.assets", "publish")
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    if said and "No module named" not in said[-1]:
        say(said[-1])


def show(container: str, smoke_paths: Sequence[str]) -> None:
    """Ask for pages as a visitor would; one of the paths that fails is a refusal.

    Args:
        container: the container's name or id.
        smoke_paths: the paths; of `/` an error is said, if it isn't among them.
    """
    for path in dict.fromkeys(["/", *smoke_paths]):
        page = smoke_pages.ask(container, path)
        if page is None:
            return
        if path in smoke_paths and page.refused:
            answer = f"it answers {path} (processes.web.smoke) with {page.answer}"
            _refuse(container, answer, page.logged)
        if page.failed:
            say(
                f"warning: {container} answers {path} with {page.answer}, which visitors will see; "
                "list it in processes.web.smoke to have such a release refused. "
                f"{_hint(page.logged)}What it logged meanwhile:\n\n{page.logged}"
            )


def _reject(container: str, problem: str, until: str = "") -> NoReturn:
    lines = last_lines(container, until=until)
    killed = out_of_memory.explain(container, out_of_memory.KEYS["backend"])
    _refuse(container, f"{problem}; {killed}" if killed else problem, lines)


def _refuse(container: str, problem: str, lines: str) -> NoReturn:
    if sys.argv[1:] == ["again"]:
        fail(f"gate: {container} serves, and is left alone, but {problem}.\n\n{lines}")
    verdict = Rejection(problem=problem, lines=lines, terms=_terms())
    gate_rejection.keep(container, verdict)
    docker("update", "--restart=no", container)
    docker("stop", "--time", "5", container)
    _fail(container, verdict)


def _fail(container: str, verdict: Rejection) -> NoReturn:
    fail(
        f"gate: {container} was not let through to traffic: {verdict.problem}.\n"
        f"{aftermath.explain(description(os.environ['CHECK']))}\n"
        "The same again fails again; another project or config is tried by the next `pulumi up`. "
        "If the cause was outside of both and is mended (a full disk, a database that was away), "
        f"`{typed('recover', 'NAME')}` lets it try once more.\n"
        f"{_hint(verdict.lines)}"
        f"Its last lines:\n\n{verdict.lines}"
    )


def _hint(lines: str) -> str:
    """What to do about a file that can't be written, unless that is said already."""
    found = re.search(r"Read-only file system: '(.+?)'", lines)
    if not found or "processes.writableRoot" in lines:
        return ""
    return f"What to do: {remedy_for(found[0], {'OSError'}, filename=found[1])}.\n"


def _terms() -> dict[str, str]:
    terms: dict[str, str] = json.loads(os.environ.get("TERMS", "{}"))
    return terms


def main() -> None:
    """Wait for CONTAINER, at most TIMEOUT seconds; print its build report as JSON.

    CHECK is the file that says how the database is asked what it has, TERMS what config
    tells this gate, as JSON, and PROCESSES how many processes the container may have. One that was
    rejected before fails for the reason that it had then. The word `again` says that the container
    passed before, and is looked at since config asks for something else: then what is wrong is
    said, and it goes on serving.
    """
    container = os.environ["CONTAINER"]
    before = gate_rejection.kept(container)
    if before:
        _fail(container, before)
    limit_processes(container, os.environ.get("PROCESSES", ""))
    wait(container, float(os.environ["TIMEOUT"]), probe)
    show(container, json.loads(_terms().get("processes.web.smoke", "[]")))
    publish(container)
    result(_report(container))


def _report(container: str) -> Any:
    done = docker("exec", container, "cat", BUILD_REPORT)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode != 0 and "No such file" not in said:
        fail(f"gate: {BUILD_REPORT} of {container} can't be read: {said}")
    return json.loads(said) if done.returncode == 0 and said else {}


if __name__ == "__main__":
    main()
