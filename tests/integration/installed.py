"""Projects in whose repositories the installed program deploys what `init` wrote."""

import os
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.visitor import free_port
from tests.integration.harness import ROOT, Run, Site, run
from toolchain.development import BUILD

_NEXT = "\nNext:\n"
_TO_SAY = ("VALUE", "HOST", "CHECK")
# As people run it, but for its question.
_UP = {"pulumi up": "pulumi up --yes --skip-preview --non-interactive"}


def build(folder: Path) -> Path:
    """Build wheel and source archive into a folder; returns the wheel."""
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run([sys.executable, *BUILD, "-d", folder], cwd=ROOT, env=env, check=True)
    return next(folder.glob("*.whl"))


def environment(wheel: Path, folder: Path) -> str:
    """An interpreter that the wheel is installed for; what it requires is taken from the tests'."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = (folder / "bin/pip", "install", "--no-deps", "--no-index", "--quiet", wheel)
    subprocess.run(pip, check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "required.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(folder / "bin/python")


@dataclass
class Installed(Site):
    """A site of which the Pulumi project is the folder `deploy` in the Django project.

    Attributes:
        python: the interpreter that the program is installed for.
    """

    python: str = ""

    def __post_init__(self) -> None:
        self.port = free_port()
        self.state.mkdir()
        self.env = {
            **os.environ,
            "PATH": f"{Path(self.python).parent}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "integration tests",
        }
        self.env.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)

    @property
    def project(self) -> Path:
        """The Django project's folder."""
        return self.folder.parent

    @property
    def state(self) -> Path:
        """The folder that the stack's state is in."""
        return self.project.parent / "state"

    def command(self, name: str, *words: str) -> Run:
        """Run one of the program's own commands, such as ``recover``."""
        module = [self.python, "-m", f"django_on_docker.{name}", *words]
        return run(module, cwd=self.folder, env=self.env, timeout=300)

    def program(self, *words: str) -> Run:
        """Run one of the installed program's commands, in the project's folder."""
        command = [self.python, "-m", "django_on_docker", *words]
        return run(command, cwd=self.project, env=self.env, timeout=600)

    def activate(self) -> None:
        """As a shell does it by the command that `up` names."""
        said = subprocess.run(
            ["bash", "-c", f'eval "$({self.python} -m django_on_docker env)"; env -0'],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            check=True,
        )
        self.env = dict(line.split("=", 1) for line in said.stdout.decode().split("\0") if line)

    def init_and_up(self, answers: Mapping[str, str], choices: Mapping[str, Any]) -> None:
        """Deploy at one attempt: `init`, what it says comes next, and nothing else.

        Args:
            answers: what only the project's people know, by the key that `init` asks for.
            choices: further keys, which the site would come up without.
        """
        said = self.program("init")
        assert said.code == 0, said.output
        config = self.folder / f"Pulumi.{self.stack}.yaml"
        lines = [f"  {key}: {_flow(value)}\n" for key, value in choices.items()]
        port = f"  site: {{port: {self.port}}}\n"
        config.write_text("".join([config.read_text(), *lines, port]))
        script = "\n".join(["set -e", *self._answered(said.output, answers)])
        done = run(["bash", "-c", script], cwd=self.project, env=self.env, timeout=900)
        assert done.code == 0, done.output
        self.activate()

    def _answered(self, said: str, answers: Mapping[str, str]) -> Iterator[str]:
        """The commands that `init` prints, as somebody runs them who knows the project."""
        lines = [line.strip() for line in said.partition(_NEXT)[2].splitlines() if line.strip()]
        asked = {line: self._asked(line, answers) for line in lines}
        assert {*answers} == {key for key in asked.values() if key}, "init asks for other things"
        for line, key in asked.items():
            if key:
                yield self._with(line.removeprefix("# "), answers[key])
            elif not line.startswith("# "):
                assert not {*shlex.split(line)} & {*_TO_SAY}, f"nobody knows what to say: {line}"
                yield _UP.get(line, line)

    def _asked(self, line: str, answers: Mapping[str, str]) -> str:
        return next((word for word in shlex.split(line) if word in answers), "")

    def _with(self, line: str, answer: str) -> str:
        for word in _TO_SAY:
            if f" {word} " in line:
                return line.replace(f" {word} ", f" {shlex.quote(answer)} ")
        file = self.state / "answer"
        text = f"printf %s {shlex.quote(answer)} > {file}"
        return f"{text}; {line.removesuffix(' < FILE')} < {file}; rm {file}"


def _flow(value: Any) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
    )
