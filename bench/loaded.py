"""Contenders under load: the example site with the load's app, and the ways in which it is updated.

Each has the same patience with a release that does not come up.
"""

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from bench.load_site import LoadSite
from bench.original import Original
from bench.ours import Ours
from bench.process import Followed, followed
from tests.integration.harness import ROOT, VENV

PATIENCE = 30  # seconds for a new release to come up


class Loaded(Protocol):
    """A deployment that is updated while a load is on it."""

    project: LoadSite

    @property
    def port(self) -> int: ...
    def deploy(self) -> object: ...
    def update(self) -> Followed: ...
    def phases(self, run: Followed) -> dict[str, float]: ...
    def destroy(self) -> None: ...


class Pulumi:
    """This program: `pulumi up`."""

    def __init__(
        self, folder: Path, name: str, database: str, checkout: Path = ROOT, venv: Path = VENV
    ) -> None:
        self.ours = Ours(folder, name, checkout=checkout, venv=venv)
        self.ours.site.configure(database__engine=database, processes__web__gateTimeout=PATIENCE)
        self.project = self.loaded()

    def loaded(self) -> LoadSite:
        """The copy that is deployed, made one that the load can be put on."""
        return LoadSite(self.ours.source)

    @property
    def port(self) -> int:
        """Of the site, on this machine."""
        return self.ours.site.port

    def deploy(self) -> object:
        """A clean server."""
        return self.ours.deploy()

    def update(self) -> Followed:
        """New code; it may fail."""
        return followed(self.ours.up, folder=self.ours.folder, env=self.ours.site.env)

    def phases(self, run: Followed) -> dict[str, float]:
        """Seconds that each resource took, in the order in which they began."""
        return phases_of_pulumi(run.lines, self.ours.deployment)

    def destroy(self) -> None:
        """Remove all of it."""
        self.ours.destroy()


class Script:
    """The deployment that the analysis describes: `./deploy.sh update`."""

    def __init__(self, folder: Path, name: str, database: str) -> None:
        self.original = Original(folder, name, database=database, patience=PATIENCE)
        self.project = LoadSite(self.original.site)

    @property
    def port(self) -> int:
        """Of the site, on this machine."""
        return self.original.port

    @property
    def words(self) -> list[str]:
        """The command of an update."""
        return ["./deploy.sh", "update"]

    def deploy(self) -> object:
        """A clean server."""
        return self.original.deploy()

    def update(self) -> Followed:
        """New code; it may fail."""
        return followed(self.words, folder=self.original.site, env=self.original.env)

    def phases(self, run: Followed) -> dict[str, float]:
        """Seconds until the container is made anew, and until it has started."""
        return phases_of_compose(run.lines)

    def destroy(self) -> None:
        """Remove all of it."""
        self.original.destroy()


class Compose(Script):
    """The same site without the script: `docker compose up -d --build`."""

    @property
    def words(self) -> list[str]:
        """The command of an update."""
        files = [x for name in self.original.env["COMPOSE_FILES"].split() for x in ("-f", name)]
        return ["docker", "compose", *files, "up", "-d", "--build"]


CONTENDERS: dict[str, Callable[[Path, str, str], Loaded]] = {
    "ours": Pulumi,
    "original": Script,
    "compose": Compose,
}

_BEGINS = ("creating", "creating replacement", "updating", "deleting original", "deleting")
_ENDS = {
    "created": "",
    "created replacement": "",
    "updated": "",
    "deleted original": " (old)",
    "deleted": " (old)",
}


def phases_of_pulumi(lines: Iterable[tuple[float, str]], deployment: str) -> dict[str, float]:
    """What took how long in a `pulumi up`, from what it printed when.

    Args:
        lines: as printed, such as `+ docker:index:Container NAME-backend created (0.3s)`.
        deployment: the first part of every resource's name.
    """
    step = re.compile(rf" \w+:\w+:\w+ {re.escape(deployment)}-(\S+) (\w+(?: \w+)?) \(")
    began: dict[str, float] = {}
    phases: dict[str, float] = {}
    for at, line in lines:
        if line.startswith("Updating ("):
            phases["preview"] = at
        found = step.search(line)
        if found is None:
            continue
        name, word = found[1], found[2]
        # The program runs twice: for the preview, and again before anything is changed.
        phases.setdefault("program", at - phases.get("preview", at))
        if word in _BEGINS:
            began.setdefault(f"{name} (old)" if "delet" in word else name, at)
        elif word in _ENDS:
            title = f"{name}{_ENDS[word]}"
            phases[title] = at - began.get(title, at)
    return phases


def phases_of_compose(lines: Iterable[tuple[float, str]]) -> dict[str, float]:
    """What took how long in a `docker compose up`, from what it printed when."""
    marks: dict[str, float] = {}
    for at, line in lines:
        if found := re.search(r"Container \S+-backend-1\s+(Recreate|Recreated|Started)$", line):
            marks.setdefault(found[1], at)
    phases: dict[str, float] = {}
    last = 0.0
    titles = {"Recreate": "build", "Recreated": "stop and make anew", "Started": "start"}
    for mark, title in titles.items():
        if mark in marks:
            phases[title], last = marks[mark] - last, marks[mark]
    return phases


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; tells whether it is."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
