"""Retires what served until now: stopped, not restarted any more, and kept for its owner."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..host import one_shot
from ..host.client import docker, docker_or_fail, inspect
from ..step_output import result, say


@dataclass(frozen=True, kw_only=True)
class Old:
    """A container that is to be retired, as it was before.

    Attributes:
        name: its name.
        image: its image's id.
        runs: whether it ran.
        restart: its restart policy, as `docker update` takes it.
        user: whom it runs as; "" is root.
        folders: where it has data that it can write to.
    """

    name: str
    image: str
    runs: bool
    restart: str
    user: str
    folders: Sequence[str]

    @property
    def served(self) -> bool:
        """It ran, or was stopped a moment ago to make room: its policy is still as it was."""
        return self.runs or self.restart != "no"

    @property
    def way_back(self) -> str:
        """What starts it again, with files that it can write, as a person types it."""
        words = [f"docker update --restart={self.restart} {self.name}", f"docker start {self.name}"]
        if self.folders and self.user.partition(":")[0] not in ("", "0", "root"):
            given = shlex.join(["-R", self.user, *self.folders])
            chown = "docker run --rm --network none --user 0 --entrypoint chown"
            words.insert(0, f"{chown} --volumes-from {self.name} {self.image} {given}")
        return " && ".join(words)


def main() -> None:
    """Retire CONTAINERS, a JSON list of names, giving each GRACE seconds to finish.

    Prints the way back to each that served, as JSON, and to those that did BEFORE.
    """
    before: dict[str, str] = json.loads(os.environ.get("BEFORE", "{}"))
    names = json.loads(os.environ["CONTAINERS"])
    found = [old for old in map(_look, names) if old]
    served = [old for old in found if old.served]
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
    # One that was started by hand since then may have lost the policy that it had.
    lost = [old.name for old in served if old.restart == "no" and old.name in before]
    now = {old.name: old.way_back for old in served if old.name not in lost}
    ways = {**before, **now}
    result({name: ways[name] for name in names if name in ways})


def _look(name: str) -> Old | None:
    state = inspect(name)
    if state is None:
        return None
    policy = state["HostConfig"]["RestartPolicy"]
    tries = f":{policy['MaximumRetryCount']}" if policy.get("MaximumRetryCount") else ""
    return Old(
        name=name,
        image=str(state.get("Image", "")),
        runs=state["State"]["Running"],
        restart=f"{policy['Name'] or 'no'}{tries}",
        user=str(state.get("Config", {}).get("User") or ""),
        folders=[m["Destination"] for m in state.get("Mounts") or () if _holds_data(m)],
    )


def _holds_data(mount: Mapping[str, Any]) -> bool:
    # A single file, such as the daemon's socket, is no data of the application's.
    return bool(mount.get("RW")) and not str(mount.get("Destination", "")).endswith(".sock")


def _retire(containers: Sequence[Old], grace: str) -> None:
    # Stopped first: until its policy is changed, it says what that was.
    names = [old.name for old in containers]
    if names:
        doing = f"retiring {', '.join(names)}"
        docker_or_fail(doing, "stop", "--time", grace, *names)
        docker_or_fail(doing, "update", "--restart=no", *names)


def _undo(containers: Sequence[Old]) -> None:
    for old in containers:
        docker("update", f"--restart={old.restart}", old.name)
        if old.runs:
            docker("start", old.name)


if __name__ == "__main__":
    main()
