"""The whole program on mocks: the real components, with a pretended daemon and a pretended pulumi.

Everything behind those two is real, so that what is wired together is what a test sees.
"""

import json
import runpy
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components import checkout, errors
from components.config.keys import all_keys
from components.config.keys.base import is_secret
from components.config.stack_file import read_stack_file
from components.host import client, machine
from components.host.identity import PREFIX
from tests.config_keys import flat, handed_over, key_of, nested
from tests.unit.fake_daemon import FakeDaemon
from tests.unit.recorder import Recorder, deploy

HOST = "host"
"""The committed stack that is no site."""
STACKS = sorted({path.name.split(".")[1] for path in Path("stacks").glob("Pulumi.*.yaml")} - {HOST})
IDENTITY = "3f2a1b9c5d7e"
SECRETS = {"app.secretKey": "k" * 50, "admin.password": "open-sesame"}


class FakePulumi:
    """Stands in for `subprocess.run`, by which pulumi is asked.

    Attributes:
        state: the resources in the stack's state.
    """

    def __init__(self) -> None:
        self.state: list[dict[str, Any]] = []

    def __call__(self, words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert words[:2] == ["pulumi", "--non-interactive"], words
        assert words[2:4] == ["stack", "export"], "nothing is written, into config least of all"
        export = {"deployment": {"resources": self.state}}
        return subprocess.CompletedProcess(list(words), 0, json.dumps(export), "")


class Program:
    """Runs `__main__.py` for committed stacks.

    Attributes:
        daemon: what is on the host.
        pulumi: what pulumi's command line answers.
        build_folder: where builds are staged.
    """

    def __init__(self, build_folder: Path) -> None:
        self.daemon, self.pulumi, self.build_folder = FakeDaemon(), FakePulumi(), build_folder
        self.daemon.local = {"django-on-docker/base:trixie"}
        # What the committed stack `update` takes over.
        taken_over: dict[str, dict[str, str] | None] = {
            "lanterna_data": None,
            "lanterna_media": None,
        }
        self.daemon.found = {**taken_over, f"{PREFIX}{IDENTITY}": None}
        self.daemon.files = {"lanterna_data": {"db.sqlite3"}}
        self._runs: dict[str, Recorder] = {}

    def run(self, stack: str, *, preview: bool = False, **changes: object) -> Recorder:
        """What the program registers for a stack whose config is changed; each is run once."""
        key = json.dumps([stack, preview, changes])
        if key not in self._runs:
            self._runs[key] = self.run_into(Recorder(), stack, preview=preview, **changes)
        return self._runs[key]

    def run_into(
        self, recorder: Recorder, stack: str, *, preview: bool = False, **changes: object
    ) -> Recorder:
        """As `run`, each time anew, for a program that may fail: the recorder is the caller's."""
        values = config(stack, **{**(SECRETS if stack in STACKS else {}), **changes})
        secret = sorted(
            {key.partition(".")[0] for key, field in all_keys().items() if is_secret(field)}
        )
        recorder.stdout = recorder.stdout or {f"{stack}-job": '{"steps": []}'}
        return deploy(main, recorder, stack=stack, config=values, secret=secret, preview=preview)


def main() -> None:
    """The program, as Pulumi would run it."""
    runpy.run_path("__main__.py")


def config(stack: str, **changes: object) -> dict[str, str]:
    """A committed stack's config, changed, as the engine hands it over."""
    committed = dict(flat(read_stack_file(Path(f"stacks/Pulumi.{stack}.yaml"))))
    return handed_over(nested({**committed, **{key_of(k): v for k, v in changes.items()}}))


@contextmanager
def on_a_host_of_its_own(folder: Path) -> Iterator[Program]:
    """The program with everything outside of it pretended, below a folder."""
    program = Program(folder / "build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkout, "FOLDER", program.build_folder)
        patch.setattr(errors, "end_quietly_when_interrupted", lambda: None)
        patch.setattr(client, "docker", program.daemon.docker)
        patch.setattr(client, "has_file", program.daemon.has_file)
        patch.setattr(client, "read_file", program.daemon.read_file)
        patch.setattr(machine, "ask", lambda *_: program.daemon.machine)
        patch.setattr("psutil.net_connections", lambda kind: program.daemon.connections)
        patch.setattr("subprocess.run", program.pulumi)
        patch.delenv("DOCKER_HOST", raising=False)
        yield program


def environment(recorder: Recorder, stack: str) -> Mapping[str, str]:
    """The variables of the container that serves."""
    envs = recorder[f"{stack}-backend"].inputs["envs"]
    return dict(entry.split("=", 1) for entry in envs)


def differ(first: Recorder, second: Recorder) -> set[str]:
    """The resources that an update of `clean-server` would touch, but for its account."""
    before, after = first.resources, second.resources
    touched = {
        key.removeprefix("clean-server-")
        for key in before.keys() | after.keys()
        if key not in before or key not in after or before[key].inputs != after[key].inputs
    }
    return touched - {"account"}
