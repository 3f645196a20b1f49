"""Waits until PostgreSQL lets the application in, or fails the update and says why.

It asks as the application does: by the server's name on the network, with the password. A new
server gets the application's user and database first; any other is left as it is, but for the role
whose turn it is and the extensions that config names, since what is serving may be using it.
"""

import json
import os
import time
from collections.abc import Sequence
from typing import NoReturn

from ..host import out_of_memory
from ..host.client import docker, fail, inspect
from ..host.limits import limit_processes
from ..host.masked_output import last_lines
from ..remedies import remedies
from ..step_output import say
from .postgres_roles import Server

INTERVAL = 0.3
REPORT_EVERY = 15.0


def wait(server: Server, timeout: float) -> None:
    """Wait until the server answers.

    Args:
        server: the server.
        timeout: seconds to wait at most.
    """
    container, made = server.container, False
    started = reported = time.monotonic()
    restarts = _wake(container)
    while True:
        state = inspect(container)
        if state is None:
            fail(f"postgres: container {container} is gone: run `pulumi up --refresh`")
        if state["State"]["Status"] != "running":
            code = state["State"]["ExitCode"]
            _give_up(container, f"it exited with code {code}", last_lines(container))
        if state["RestartCount"] > restarts:
            _give_up(container, "it ended and was restarted", last_lines(container))
        entered, answer = server.ask()
        if entered:
            return
        now = time.monotonic()
        if any(remedies(answer, "refusal", container=container)):
            if made or not (server.set_up() or server.let_in()):
                _give_up(container, answer, "")
            made = True
            continue
        if now - started > timeout:
            problem = f"no answer within {timeout:.0f} s (database.timeout): {answer}"
            _give_up(container, problem, last_lines(container))
        if now - reported > REPORT_EVERY:
            reported = now
            say(f"postgres: waiting for {container}, {now - started:.0f} s: {answer}")
        time.sleep(INTERVAL)


def extend(server: Server, extensions: Sequence[str]) -> None:
    """See to the extensions that config names, and say of a user that may do more than it needs.

    Args:
        server: the server, which answers.
        extensions: their names.
    """
    problem = server.add_extensions(extensions)
    if problem:
        hint = remedy(server.container, problem, available=server.available())
        fail(f"postgres: {problem}.\nWhat to do: {hint}.\nNothing was migrated or seeded.")
    if server.is_superuser():
        say(
            f"postgres: warning: {server.user} (database.user) is a superuser of its server: who "
            "gets to run SQL as the application runs programs in the server's container, too. "
            'Let it own its database alone: docs/databases.md, "A user that is a superuser"'
        )


def remedy(container: str, said: str, **known: str) -> str:
    """What to do about what a server said; "" if nothing is known.

    Args:
        container: the server's container.
        said: what it said.
        known: what else a remedy may tell.
    """
    return next(remedies(said, "refusal", "server", container=container, **known), "")


def _wake(container: str) -> int:
    # One that keeps crashing rests longer each time: what was mended meanwhile is tried at once.
    state = inspect(container)
    if state and state["State"]["Status"] != "running":
        docker("restart", container)
        state = inspect(container)
    return int(state["RestartCount"]) if state else 0


def _give_up(container: str, problem: str, lines: str) -> NoReturn:
    hint = out_of_memory.explain(container, out_of_memory.KEYS["postgres"])
    hint = hint or remedy(container, f"{problem}\n{lines}")
    fail(
        f"postgres: {container} does not let the application in: {problem}.\n"
        + (f"What to do: {hint}.\n" if hint else "")
        + "Nothing was migrated or seeded."
        + (f" Its last lines:\n\n{lines}" if lines else "")
    )


def main() -> None:
    """Wait for the server in CONTAINER, at most TIMEOUT seconds, to let the application in.

    DATABASE_USER owns DATABASE_NAME, and is who the application gets in as, unless DATABASE_LOGIN
    is. EXTENSIONS is a JSON list of what is made there. It may have PROCESSES at most.
    """
    server = Server(
        container=os.environ["CONTAINER"],
        user=os.environ["DATABASE_USER"],
        login=os.environ.get("DATABASE_LOGIN") or os.environ["DATABASE_USER"],
        name=os.environ["DATABASE_NAME"],
    )
    limit_processes(server.container, os.environ["PROCESSES"])
    wait(server, float(os.environ["TIMEOUT"]))
    extend(server, json.loads(os.environ["EXTENSIONS"]))


if __name__ == "__main__":
    main()
