"""A throw-away Pulumi project: its own state, passphrase and name, driven through the CLI."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

COMMANDS = """
import json, os, pulumi, pulumi_command

for name, arguments in json.loads(os.environ["SPEC"]).items():
    if name == "run":
        made = pulumi_command.local.run_output(**arguments)
    else:
        made = pulumi_command.local.Command(name, **arguments)
    pulumi.export(name, made.stdout)
    pulumi.export(f"{name}.stderr", made.stderr)
    pulumi.export(f"{name}.assets", made.assets.apply(lambda found: sorted(found or ())))
    pulumi.export(f"{name}.archive", made.archive.apply(
        lambda found: sorted(found.assets) if found else None))
"""
"""A program whose commands are the arguments that SPEC has, by name."""


def pulumi_program() -> str:
    """Return the path of the engine's CLI; fail the test where there is none."""
    found = shutil.which("pulumi")
    if found is None:
        pytest.fail("no `pulumi` on PATH: run these tests with `make test`, which gets one")
    return found


@dataclass(frozen=True)
class Run:
    """What one `pulumi` command did."""

    code: int
    text: str
    events: list[dict[str, Any]] = field(repr=False)

    @property
    def changes(self) -> dict[str, int]:
        """How many resources were created, updated, replaced, deleted or left the same."""
        summaries = [event["summaryEvent"] for event in self.events if "summaryEvent" in event]
        return dict(summaries[-1]["resourceChanges"]) if summaries else {}

    @property
    def operations(self) -> list[tuple[str, str]]:
        """Operation and resource name, in the order in which they began, if they change it."""
        begun = [event["resourcePreEvent"]["metadata"] for event in self.events_of("resourcePre")]
        named = [(each["op"], each["urn"].split("::")[-1]) for each in begun]
        return [each for each in named if each[0] not in {"same", "refresh"}]

    def shown(self, name: str) -> list[str]:
        """Return the lines that a resource showed while it was worked on."""
        messages = [event["diagnosticEvent"] for event in self.events_of("diagnostic")]
        return [
            each["message"].rstrip("\n")
            for each in messages
            if each.get("ephemeral") and each.get("urn", "").endswith(f"::{name}")
        ]

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one kind."""
        return [event for event in self.events if f"{kind}Event" in event]


class ThrowAwayStack:
    """A project with one stack in a folder of its own."""

    def __init__(self, folder: Path, program: str) -> None:
        """Write the project and create its stack `test`."""
        self.folder = folder
        self._log = folder / "events.json"
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: throw-away\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        created = self.pulumi("stack", "init", "test")
        assert created.code == 0, created.text

    def environment(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return the environment of a command; the program finds its settings as JSON in SPEC."""
        return {
            **os.environ,
            # The language host that may be built here takes the first Python on PATH.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "throw-away",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # allows --event-log
            "SPEC": json.dumps(settings),
        }

    def start(self, *arguments: str, **settings: Any) -> "subprocess.Popen[str]":
        """Start a command and return its process."""
        self._log.unlink(missing_ok=True)
        return subprocess.Popen(
            [pulumi_program(), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: "subprocess.Popen[str]", seconds: float = 120) -> Run:
        """Wait for a started command and return what it did."""
        text = process.communicate(timeout=seconds)[0]
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return Run(process.returncode, text, [json.loads(line) for line in lines])

    def pulumi(self, *arguments: str, **settings: Any) -> Run:
        """Run a command to its end."""
        return self.finish(self.start(*arguments, **settings))

    def start_up(self, *flags: str, **settings: Any) -> "subprocess.Popen[str]":
        """Start an update, without a preview before it."""
        fixed = ("--yes", "--skip-preview", "--event-log", str(self._log))
        return self.start("up", *fixed, *flags, **settings)

    def up(self, *flags: str, **settings: Any) -> Run:
        """Update the stack, without a preview before it."""
        return self.finish(self.start_up(*flags, **settings))

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        found = self.pulumi("stack", "output", "--json")
        assert found.code == 0, found.text
        return dict(json.loads(found.text))

    def destroy(self) -> Run:
        """Remove all resources."""
        fixed = ("--yes", "--skip-preview", "--event-log", str(self._log))
        return self.pulumi("destroy", *fixed)


def wait_for(file: Path, seconds: float = 30) -> str:
    """Return the content of a file as soon as it has one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text().strip()):
            return text
        time.sleep(0.05)
    pytest.fail(f"{file} was not written within {seconds} s")
