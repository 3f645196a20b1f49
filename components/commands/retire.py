"""Retires what served until now: stopped, not restarted any more, and kept for its owner."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from components.commands import one_shot
from components.commands.client import docker, docker_or_fail, inspect, is_running
from components.commands.output import say


@dataclass(frozen=True, kw_only=True)
class Old:
    """A container that is to be retired, as it was before.

    Attributes:
        name: its name.
        runs: whether it ran.
        restart: its restart policy, as `docker update` takes it.
    """

    name: str
    runs: bool
    restart: str

    @property
    def way_back(self) -> str:
        """What starts it again, as a person types it."""
        return f"docker update --restart={self.restart} {self.name} && docker start {self.name}"


def main() -> None:
    """Retire CONTAINERS, a JSON list of names, giving each GRACE seconds to finish.

    Where they make room for EDGE, nothing serves until that does, and the way back is said.
    """
    names, edge = json.loads(os.environ["CONTAINERS"]), os.environ["EDGE"]
    found = [old for old in map(_look, names) if old]
    served = [old for old in found if old.runs]
    makes_room = bool(edge and served and not is_running(edge))
    one_shot.when_interrupted(lambda: _undo(served))
    try:
        _retire(found, os.environ["GRACE"])
    except SystemExit:
        _undo(served)
        raise
    for name in names:
        there = name in [old.name for old in found]
        kept = f"stopped and kept; remove it with `docker rm {name}`"
        say(f"{name}: {kept if there else 'gone already'}")
    if makes_room:
        say(_room_made(edge, served))


def _room_made(edge: str, served: Sequence[Old]) -> str:
    # The edge may have the port by then, and would take it again when the daemon starts.
    ways = [f"docker update --restart=no {edge} && docker stop {edge}"]
    ways += [old.way_back for old in served]
    return (
        f"nothing serves until {edge} does. If this update fails, mend what it names and run it "
        f"again; or bring back what served: `{'; '.join(ways)}`"
    )


def _look(name: str) -> Old | None:
    state = inspect(name)
    if state is None:
        return None
    policy = state["HostConfig"]["RestartPolicy"]
    tries = f":{policy['MaximumRetryCount']}" if policy.get("MaximumRetryCount") else ""
    restart = f"{policy['Name'] or 'no'}{tries}"
    return Old(name=name, runs=state["State"]["Running"], restart=restart)


def _retire(containers: Sequence[Old], grace: str) -> None:
    # All at once: where one of them makes room, nothing serves until the last has ended.
    names = [old.name for old in containers]
    if names:
        doing = f"retiring {', '.join(names)}"
        docker_or_fail(doing, "update", "--restart=no", *names)
        docker_or_fail(doing, "stop", "--time", grace, *names)


def _undo(containers: Sequence[Old]) -> None:
    for old in containers:
        docker("update", f"--restart={old.restart}", old.name)
        docker("start", old.name)


if __name__ == "__main__":
    main()
