"""Restores a copy of the database: `python3 -m components.data.restore DEPLOYMENT [ID]`.

Without an id it lists the copies. It works from what is on the Docker host alone; Pulumi isn't
asked. Visitors see the maintenance page, what serves is stopped, the present database is copied,
the copy is put in its place, and the same containers are started again. They migrate when they
start, as always: to go back behind their own migrations, keep them stopped and deploy the earlier
release.
"""

import argparse
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NoReturn

from ..container_defaults import RESTART
from ..host import one_shot, reach
from ..host.client import docker, docker_or_fail, fail, inspect
from ..host.masked_output import learn
from ..host.what_serves import (
    all_containers,
    reached_backends,
    running_containers,
    serving_containers,
)
from ..migrations import window, window_note
from ..migrations.window_note import Note
from ..own_commands import run_module
from ..place import DEPLOYMENT, ONE_OFF, RELEASE, Place
from ..text_table import text_table
from . import backups

GRACE = 35  # seconds for requests in flight, where the container doesn't say
_SQLITE = "DATABASE_URL=sqlite:///"


def main() -> None:
    """List the copies of a deployment's database, or put one back."""
    parser = argparse.ArgumentParser(prog=run_module("data.restore"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("id", nargs="?", default="", help="the copy; without it, all are listed")
    parser.add_argument(
        "--stay-stopped",
        action="store_true",
        help="start nothing again: another release is deployed next",
    )
    options = parser.parse_args()
    reach.check()
    volume = Place(options.deployment).backups
    if inspect(volume, "volume") is None:
        fail(f"there is no volume {volume}: no copy of this deployment's database was made here")
    reference = _reference(options.deployment)
    learn(reference["Name"].removeprefix("/"))
    there = backups.entries(volume, reference["Image"])
    if not options.id:
        print(as_table(there))
        return
    chosen = _choose(there, options.id)
    restore(options.deployment, chosen, there, reference, stay_stopped=options.stay_stopped)


def as_table(entries: Sequence[backups.Entry]) -> str:
    """The entries, a line each."""
    if not entries:
        return "there are no copies yet: one is made before migrations run on an update"
    head = ("backup", "made", "engine", "release", "MB", "before")
    rows = [
        (
            str(entry["id"]),
            str(entry["made"])[:19].replace("T", " "),
            str(entry["engine"]),
            str(entry["release"])[:8],
            f"{entry['bytes'] / 1e6:.1f}",
            ", ".join(entry.get("pending", ())) or f"restoring {entry.get('restoring', '')}",
        )
        for entry in entries
    ]
    return text_table([head, *rows])


def restore(
    deployment: str,
    chosen: backups.Entry,
    entries: Sequence[backups.Entry],
    reference: dict[str, Any],
    *,
    stay_stopped: bool,
) -> None:
    """Put a copy in the database's place, with nobody at it.

    Args:
        deployment: the deployment's name.
        chosen: the copy.
        entries: all that there are, newest first.
        reference: a container of the application, which knows where the database is.
        stay_stopped: start nothing again.
    """
    _refuse_commands_by_hand(deployment)
    served = serving_containers(deployment)
    before = window_note.read(deployment)
    again = reached_backends(deployment) or _there(before.stopped if before else ()) or served
    again = again or _there(chosen.get("serving", ()))
    database = _database(deployment, chosen, entries, reference)
    if chosen["engine"] != database.engine:
        fail(
            f"restore: {chosen['id']} is a copy of a database on {chosen['engine']}, but this one "
            f"is on {database.engine}: nothing was changed"
        )
    one_shot.when_interrupted(lambda: _interrupted(deployment))
    try:
        # Until visitors reach something again, `pulumi up` has to know that they don't.
        (before or Note(deployment=deployment)).extended(_policies(served), ()).write(
            reference["Image"]
        )
        _say("maintenance page, and what serves is stopped")
        window.close(deployment)
        # Also one that visitors never reached: it has the database open, and would migrate again.
        window.stop(running_containers(deployment), reference["Config"].get("StopTimeout") or GRACE)
        release = reference["Config"]["Labels"].get(RELEASE, "")
        _keep_present(database, release, {"restoring": chosen["id"], "serving": again})
        database.restore(chosen)
    except SystemExit:
        # Not what was stopped for a window: that can't live with the database as it still is.
        _begin_again(deployment, served)
        _end(deployment, before, reference["Image"])
        raise
    _say(f"{chosen['id']} is in place")
    Note(deployment=deployment, stopped=_policies(again)).write(reference["Image"])
    if stay_stopped:
        _say("nothing was started: deploy the release that belongs to it with `pulumi up`")
    else:
        _begin_again(deployment, again)
    window_note.remove(deployment)


def _refuse_commands_by_hand(deployment: str) -> None:
    at_work = running_containers(deployment, ONE_OFF)
    if at_work:
        names = " ".join(at_work)
        fail(
            f"restore: commands by hand are at work on the database, in {', '.join(at_work)}: wait "
            f"for their end, or `docker stop {names}`; nothing was changed"
        )


def _keep_present(database: backups.Database, release: str, details: dict[str, Any]) -> None:
    try:
        kept = database.make(release, details, keep=0)
        _say(f"the present database is kept as {kept['id']}")
    except backups.CopyError as error:
        _say(str(error))
        try:
            name = database.set_aside()
        except backups.CopyError as worse:
            fail(
                f"restore: {worse}; nothing was put back. Mend what it names, or move it away by "
                "hand if it is of no use any more, and run the same again"
            )
        _say(f"its files are kept as they are, as {name} in volume {database.volume}")


def _end(deployment: str, before: Note | None, image: str) -> None:
    if before:
        before.write(image)
    else:
        window_note.remove(deployment)


def _there(names: Iterable[str]) -> list[str]:
    return [name for name in names if inspect(name) is not None]


def _policies(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, RESTART)


def _begin_again(deployment: str, containers: Sequence[str]) -> None:
    if not containers:
        _say("nothing was serving: `pulumi up` starts the site")
        return
    docker("update", f"--restart={RESTART}", *containers)
    problem = window.start(deployment, containers)
    if problem:
        fail(
            f"restore: the site does not serve again: {problem}. Once its containers are well, "
            f"`{run_module('migrations.window', deployment)}`, or `pulumi up`"
        )
    _say(f"{', '.join(containers)} serves again")


def _interrupted(deployment: str) -> None:
    one_shot.remove(deployment, backups.ROLE)


def _reference(deployment: str) -> dict[str, Any]:
    # What visitors reach knows best; else what runs, else what was started last.
    names = (
        reached_backends(deployment) or running_containers(deployment) or all_containers(deployment)
    )
    found = inspect(names[-1]) if names else None
    if found is None:
        fail(
            f"no container of a deployment {deployment!r} is on this host, and its containers tell "
            "where the database is: `pulumi up` first (see `docker ps --all --filter "
            f"label={DEPLOYMENT}`)"
        )
    return found


def _choose(entries: Sequence[backups.Entry], id_: str) -> backups.Entry:
    found = [entry for entry in entries if entry["id"] == id_]
    if not found:
        _unknown(id_, entries)
    return found[0]


def _unknown(id_: str, entries: Sequence[backups.Entry]) -> NoReturn:
    fail(f"there is no backup {id_!r}. Those that are there:\n{as_table(entries)}")


def _database(
    deployment: str,
    chosen: backups.Entry,
    entries: Sequence[backups.Entry],
    reference: dict[str, Any],
) -> backups.Database:
    environment: list[str] = reference["Config"]["Env"]
    alias = chosen["alias"]
    engine, file = _kind(environment)
    # The environment tells where the first database is; of others only the copy does.
    if alias != backups.DEFAULT:
        engine, file = chosen["engine"], chosen["source"]
    return backups.Database(
        deployment=deployment,
        engine=engine,
        file=file,
        application=(*one_shot.like(reference), reference["Image"]),
        network=_network(deployment, reference["NetworkSettings"]["Networks"]),
        tools=_tools(deployment, chosen, entries),
        volume=chosen["volume"],
        alias=alias,
    )


def _network(deployment: str, networks: Collection[str]) -> str:
    """That on which an application reaches its database's server, of those that it is on."""
    first = (Place(deployment).database, deployment)
    return next((n for n in (*first, *networks) if n in networks), "bridge")


def _kind(environment: Sequence[str]) -> tuple[str, str]:
    """The kind of an application's first database, and its file if it is one."""
    url = next((value for value in environment if value.startswith(_SQLITE)), "")
    return "sqlite" if url else "postgresql", re.sub(r"\?.*", "", url.removeprefix(_SQLITE))


def _tools(deployment: str, chosen: backups.Entry, entries: Sequence[backups.Entry]) -> str:
    # The server's own, if it is here: a copy may be older than the server is now.
    for name in running_containers(deployment, "postgres"):
        said = docker_or_fail("looking at the server", "inspect", "--format", "{{.Image}}", name)
        return said.decode().strip()
    # Else the newest that is on this host: what made an old copy may be older than the server.
    newest = next((entry["tools"] for entry in entries if entry["tools"]), "")
    is_here = newest and docker("image", "inspect", str(newest)).returncode == 0
    return str(newest if is_here else chosen["tools"])


def _say(text: str) -> None:
    print(f"restore: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
