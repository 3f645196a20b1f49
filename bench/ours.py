"""This program's own deployment of the example site, as a contender of the bench."""

import json
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.counts import Built, parse_notes
from bench.original import EXAMPLE, PROBE
from bench.process import Timed, timed
from components.inside import BUILD_REPORT, DATA
from tests.integration.harness import ROOT, VENV, Site

PROBE_LOG = f"{DATA}/probe.jsonl"
# Appended to the copy of the runtime that this deployment gets. Images are built without the data
# volume, and what they hold must not depend on the bench.
LOAD_PROBE = f"""
import os

if os.path.ismount({str(Path(PROBE_LOG).parent)!r}):
    os.environ.setdefault("BENCH_PROBE_LOG", {PROBE_LOG!r})
    from . import bench_probe
"""


@dataclass
class Ours:
    """One stack of a copy of this program, with the names of the methods that `Original` has.

    Attributes:
        folder: an empty one of its own.
        deployment: the deployment's name, unlike any other on the machine.
        strategy: the stack's strategy.
        probed: whether the probe notes what Django does in the containers.
        checkout: of the program that deploys.
        venv: the virtual environment that it runs in.
    """

    folder: Path
    deployment: str
    strategy: str = "recommended"
    probed: bool = False
    checkout: Path = ROOT
    venv: Path = VENV
    redeployed: int = field(default=0, init=False)
    release: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.site = Site(
            folder=self.folder, deployment=self.deployment, checkout=self.checkout, venv=self.venv
        )
        self.site.configure(strategy=self.strategy)
        if self.probed:
            shutil.copyfile(
                PROBE / "sitecustomize.py", self.folder / "deploy_runtime/bench_probe.py"
            )
            with (self.folder / "deploy_runtime/__init__.py").open("a") as stream:
                stream.write(LOAD_PROBE)

    def __enter__(self) -> "Ours":
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    @property
    def source(self) -> Path:
        """The folder that holds the site's source."""
        return self.folder / EXAMPLE.name

    @property
    def up(self) -> list[str]:
        """The words of the command that deploys."""
        return ["pulumi", "--non-interactive", "up", "--yes", "-s", self.site.stack]

    @property
    def url(self) -> str:
        """Where the site is published."""
        return self.site.url

    @property
    def backend(self) -> str:
        """The name of the container that runs Django."""
        return str(self._outputs()["containers"]["backend"])

    def deploy(self) -> Timed:
        """A clean server."""
        return self._up()

    def edit(self, line: str = "", file: str = "catalogue/views.py") -> None:
        """Append a line to a file of the site's source; by default a comment unlike any other."""
        with (self.source / file).open("a") as stream:
            stream.write(f"\n{line or f'# {secrets.token_hex(8)}'}\n")

    def update(self) -> Timed:
        """New code."""
        return self._up()

    def redeploy(self) -> Timed:
        """The same again: `releases.redeploy` is raised."""
        self.redeployed += 1
        self.site.configure(releases__redeploy=self.redeployed)
        return self._up()

    def restart(self) -> Timed:
        """Stop and start the container that runs Django; returns when it was started."""
        return timed(["docker", "restart", self.backend])

    def notes(self) -> list[dict[str, Any]]:
        """All that the probe has noted."""
        return parse_notes(timed(["docker", "exec", self.backend, "cat", PROBE_LOG]).output)

    def ledger(self) -> list[dict[str, Any]] | None:
        """What this program itself recorded."""
        return self.site.ledger()

    def built(self, _run: Timed) -> Built | None:
        """What the build of a new release collected; None if the release is the one before."""
        release = str(self._outputs()["release"])
        if release == self.release:
            return None
        self.release = release
        report = json.loads(timed(["docker", "exec", self.backend, "cat", BUILD_REPORT]).output)
        return Built(seconds=float(report["seconds"]), files=int(report["static"]["files"]))

    def destroy(self) -> None:
        """Remove all of it, its data included."""
        self.site.remove_everything()

    def _outputs(self) -> dict[str, Any]:
        return self.site.outputs()

    def _up(self) -> Timed:
        return timed(self.up, folder=self.folder, env=self.site.env)
