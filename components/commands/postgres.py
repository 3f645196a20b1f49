"""Waits until PostgreSQL lets the application in, or fails the update and says why.

It asks as the application does: by the server's name on the network, with the password. The server
is left as it is, since what is serving may be using it.
"""

import os
import re
import sys
import time
from typing import NoReturn

from components.commands.client import docker, fail, inspect, last_lines

INTERVAL = 0.3
REPORT_EVERY = 15.0
_ASK = (
    'PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" PGCONNECT_TIMEOUT=5 exec psql --no-password '
    '--no-psqlrc -h "$0" -U "$POSTGRES_USER" -d "$POSTGRES_DB" -tAc "SELECT 1"'
)
# What a server that answers says when waiting is of no use.
_FINAL = re.compile(
    r"password authentication failed|no pg_hba\.conf entry|(?:database|role) .* does not exist"
)

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"password authentication failed",
        "the data was made with another password (or databaseUser is not its user): set the one in "
        "use with `pulumi config set --secret databasePassword -s STACK`, or give the server this "
        "one: "
        r"`docker exec -it {container} psql -U USER -d NAME -c '\password USER'`",
    ),
    (
        r"(?:database|role) .* does not exist",
        "the data was made with other names: set those in use with `pulumi config set databaseName "
        "NAME -s STACK` and `pulumi config set databaseUser USER -s STACK`",
    ),
    (
        r"no pg_hba\.conf entry",
        "pg_hba.conf in the data directory lets nobody in from other containers: add the line "
        "`host all all all scram-sha-256` to it. If the data is new and its first start was cut "
        "off, remove the container and its volume instead",
    ),
    (
        r"initialized by PostgreSQL version (?P<version>\d+)",
        "the data belongs to PostgreSQL {version}: `pulumi config set postgresImage "
        "postgres:{version} -s STACK`, or move it by pg_dump (docs/databases.md)",
    ),
    (
        r"another server has this data directory open",
        "stop that server and keep it from starting again (`docker ps --filter volume=VOLUME`, "
        "`docker update --restart=no`, `docker stop`)",
    ),
    (
        r"holds files, but no PostgreSQL data directory",
        "set dataVolume to the volume whose top folder holds PG_VERSION, or data to create",
    ),
    (r"No space left on device", "make room on the host's disk"),
)


def wait(container: str, timeout: float) -> None:
    """Wait until the server answers.

    Args:
        container: the server's container.
        timeout: seconds to wait at most.
    """
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
        answer = ask(container)
        if answer is None:
            return
        now = time.monotonic()
        if _FINAL.search(answer):
            _give_up(container, answer, "")
        if now - started > timeout:
            problem = f"no answer within {timeout:.0f} s (databaseTimeout): {answer}"
            _give_up(container, problem, last_lines(container))
        if now - reported > REPORT_EVERY:
            reported = now
            print(
                f"postgres: waiting for {container}, {now - started:.0f} s: {answer}",
                file=sys.stderr,
            )
        time.sleep(INTERVAL)


def ask(container: str) -> str | None:
    """Log in over the network; returns None if that worked, else what the server said."""
    done = docker("exec", container, "sh", "-c", _ASK, container)
    if done.returncode == 0:
        return None
    lines = (done.stdout + done.stderr).decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[0] if said else "no answer"


def remedy(container: str, said: str) -> str:
    """What to do about what a server said; "" if nothing is known."""
    for pattern, text in REMEDIES:
        found = re.search(pattern, said)
        if found:
            return text.format(container=container, **found.groupdict())
    return ""


def _wake(container: str) -> int:
    # One that keeps crashing rests longer each time: what was mended meanwhile is tried at once.
    state = inspect(container)
    if state and state["State"]["Status"] != "running":
        docker("restart", container)
        state = inspect(container)
    return int(state["RestartCount"]) if state else 0


def _give_up(container: str, problem: str, lines: str) -> NoReturn:
    hint = remedy(container, f"{problem}\n{lines}")
    fail(
        f"postgres: {container} does not let the application in: {problem}.\n"
        + (f"What to do: {hint}.\n" if hint else "")
        + "Nothing was migrated or seeded."
        + (f" Its last lines:\n\n{lines}" if lines else "")
    )


def main() -> None:
    """Wait for the server in CONTAINER, at most TIMEOUT seconds."""
    wait(os.environ["CONTAINER"], float(os.environ["TIMEOUT"]))


if __name__ == "__main__":
    main()
