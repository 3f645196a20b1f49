"""Gives the deployment's PostgreSQL the settings of `database.settings`.

They are tried on a server of the same image first, which has no data and is gone afterwards: what
would not start is refused while the one that serves is left alone. That one is started anew only
for what it says takes effect no other way, and gets back what it had if it doesn't come up.
"""

import difflib
import json
import os
import re
import time
from collections.abc import Mapping
from typing import Any, NoReturn

from ..container_defaults import FILE_HELPER, restricted_like
from ..host import one_shot
from ..host.client import docker_or_fail, fail, inspect
from ..host.masked_output import last_lines
from ..step_output import result, say
from . import postgres_settings
from .postgres_roles import Server
from .postgres_settings import Change

INTERVAL = 0.3
_ROLE = "postgres-trial"
# The image's entry point is left out: it makes what is to last.
_TRIAL = """\
set -eu
initdb --pgdata /tmp/trial --username postgres --auth trust --no-sync > /dev/null
cat >> /tmp/trial/postgresql.conf
echo "listen_addresses = ''" >> /tmp/trial/postgresql.conf
echo "unix_socket_directories = '/tmp'" >> /tmp/trial/postgresql.conf
if ! pg_ctl --pgdata /tmp/trial --wait --timeout 60 --log /tmp/log start > /dev/null; then
  cat /tmp/log >&2
  exit 1
fi
pg_ctl --pgdata /tmp/trial --mode immediate stop > /dev/null
"""
_FILE = '"$PGDATA/postgresql.auto.conf"'
_KEPT = '"$PGDATA/postgresql.auto.conf.before"'
_STAMP = re.compile(r"^\S+ \S+ \S+ \[\d+\] ")
_TELLING = re.compile(
    r"FATAL(?!.*contains errors)|ERROR|HINT|LOG:  invalid|LOG:  unrec|must be|there is no"
)
_KEEP = f"cp -p {_FILE} {_KEPT}"
_PUT_BACK = f"[ ! -e {_KEPT} ] || mv -f {_KEPT} {_FILE}"
_FORGET = f"rm -f {_KEPT}"


def settle(server: Server, wanted: Mapping[str, str], *, deployment: str, timeout: float) -> bool:
    """Have the server go by settings, and by none that were config's before.

    Args:
        server: the server, which answers.
        wanted: the settings, by name.
        deployment: whose it is.
        timeout: seconds that it may take to answer after a restart.

    Returns:
        Whether it was started anew.
    """
    before: list[str] = json.loads(_asked(server, postgres_settings.NOTED))
    change = Change(wanted, {*before} - wanted.keys())
    if not change.names:
        return False
    _check_names(server, wanted)
    _try(server, change, deployment)
    _inside(server, _KEEP)
    loaded = _asked(server, postgres_settings.LOADED)
    done, said = server.as_superuser(change.statements(), "postgres")
    if not done or not _reads_anew(server, loaded, timeout):
        _inside(server, _PUT_BACK)
        server.as_superuser("SELECT pg_reload_conf();", "postgres")
        _refuse(_asked(server, postgres_settings.ERRORS) if done else said)
    waiting = change.names & {*json.loads(_asked(server, postgres_settings.WAITING))}
    if waiting:
        say(f"postgres: {server.container} is started anew for {', '.join(sorted(waiting))}")
        _restart(server, deployment, timeout)
    _inside(server, _FORGET)
    server.as_superuser(postgres_settings.note(wanted), "postgres")
    return bool(waiting)


def _reads_anew(server: Server, loaded: str, timeout: float) -> bool:
    """Wait until the server has read its settings; with a mistake by hand in them it never does."""
    until = time.monotonic() + timeout
    while _asked(server, postgres_settings.LOADED) == loaded:
        if time.monotonic() > until:
            return False
        time.sleep(INTERVAL)
    return True


def _check_names(server: Server, wanted: Mapping[str, str]) -> None:
    known: list[str] = json.loads(_asked(server, postgres_settings.NAMES))
    # One of an extension is known once that is loaded.
    for name in sorted(name for name in wanted if name not in known and "." not in name):
        close = difflib.get_close_matches(name, known, n=1)
        _refuse(f"there is no {name}" + (f", did you mean {close[0]}?" if close else ""))


def _try(server: Server, change: Change, deployment: str) -> None:
    state = inspect(server.container) or {}
    limits = restricted_like(state)
    words = (*limits, "--network", "none", "--shm-size", "256m", "--user", "postgres")
    command = ("--entrypoint", "sh", str(state["Image"]), "-c", _TRIAL)
    tried = one_shot.run(deployment, _ROLE, (*words, *command), stdin=change.as_file().encode())
    if tried.returncode != 0:
        _refuse(tried.stderr.decode(errors="replace"))


def _restart(server: Server, deployment: str, timeout: float) -> None:
    docker_or_fail("restarting the server", "restart", server.container)
    if _comes_up(server, timeout):
        return
    lines = last_lines(server.container)
    # It may be between two starts, where nothing can be done inside.
    state: dict[str, Any] = inspect(server.container) or {}
    docker_or_fail("stopping the server", "stop", server.container)
    words = (*FILE_HELPER.options(), "--user", "0", "--network", "none")
    like = ("--volumes-from", server.container, *one_shot.environment(state))
    command = ("--entrypoint", "sh", str(state["Image"]), "-c", _PUT_BACK)
    one_shot.run(deployment, _ROLE, (*words, *like, *command))
    docker_or_fail("starting the server", "start", server.container)
    back = "serves again with" if _comes_up(server, timeout) else "did not come up either with"
    fail(
        f"postgres: {server.container} did not come up with database.settings, and {back} those "
        "that it had.\nWhat to do: correct them, and run `pulumi up` again. Its last lines, with "
        f"them:\n\n{lines}"
    )


def _comes_up(server: Server, timeout: float) -> bool:
    until = time.monotonic() + timeout
    while not server.ask()[0]:
        if time.monotonic() > until:
            return False
        time.sleep(INTERVAL)
    return True


def _asked(server: Server, statement: str) -> str:
    done, said = server.as_superuser(f"{statement};", "postgres")
    if not done:
        fail(f"postgres: {server.container} can't be asked for its settings: {said}")
    return said


def _inside(server: Server, script: str) -> None:
    words = ("exec", "--user", "root", server.container, "sh", "-c", script)
    docker_or_fail("keeping the server's settings", *words)


def _refuse(said: str) -> NoReturn:
    lines = [_STAMP.sub("", line.strip()) for line in said.splitlines()]
    # A server says it to a terminal or into its log, among what it says each time.
    telling = [line.rstrip(".") for line in lines if _TELLING.search(line)] or lines[-3:]
    fail(
        f"postgres: database.settings can't be taken: {'; '.join(telling)}.\n"
        "What to do: correct it, `pulumi config set --path 'database.settings[\"NAME\"]' VALUE -s "
        "STACK`, or remove it, `pulumi config rm --path 'database.settings[\"NAME\"]' -s STACK` "
        "(https://www.postgresql.org/docs/current/runtime-config.html).\n"
        "Nothing was changed, and the server that there is was left alone."
    )


def main() -> None:
    """Give the server in CONTAINER the settings in SETTINGS, a JSON object.

    It answers DATABASE_USER, as DATABASE_LOGIN if that is set, on DATABASE_NAME within TIMEOUT
    seconds. DEPLOYMENT is whose it is.
    """
    user = os.environ["DATABASE_USER"]
    server = Server(
        container=os.environ["CONTAINER"],
        user=user,
        login=os.environ.get("DATABASE_LOGIN") or user,
        name=os.environ["DATABASE_NAME"],
    )
    wanted: dict[str, str] = json.loads(os.environ["SETTINGS"])
    timeout = float(os.environ["TIMEOUT"])
    restarted = settle(server, wanted, deployment=os.environ["DEPLOYMENT"], timeout=timeout)
    result({"restarted": restarted})


if __name__ == "__main__":
    main()
