"""The examples of CI as their services run them: which shell lines, with which variables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_EXAMPLES = Path(__file__).parents[1] / "docs/ci"
GITHUB, GITLAB = "github-actions.yml", "gitlab-ci.yml"
_EXPRESSION = re.compile(r"\$\{\{ *([^} ]+) *\}\}")


@dataclass(frozen=True, kw_only=True)
class Script:
    """What one shell runs.

    Attributes:
        words: the shell, as the service calls it.
        text: its lines.
        env: the variables that the example gives it.
    """

    words: tuple[str, ...]
    text: str
    env: Mapping[str, str]


def read(name: str) -> dict[str, Any]:
    """An example, every value as text: `on` is a key of GitHub's, not a truth."""
    found = yaml.load((_EXAMPLES / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def github(job: str, values: Mapping[str, str]) -> Iterator[Script]:
    """The shell steps of a job.

    Args:
        job: its name.
        values: what each of its expressions stands for, such as ``secrets.DEPLOY_KEY``.
    """
    workflow = read(GITHUB)
    assert workflow["defaults"]["run"]["shell"] == "bash"
    described = workflow["jobs"][job]
    for step in described["steps"]:
        if "run" not in step:
            continue
        given = {**workflow["env"], **described.get("env", {}), **step.get("env", {})}
        env = {k: _EXPRESSION.sub(lambda m: values[m[1]], v) for k, v in given.items()}
        assert not _EXPRESSION.search(step["run"]), "what a pull request says is no shell line"
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
        yield Script(words=shell, text=step["run"], env=env)


def gitlab(job: str) -> Script:
    """The lines of a job; its runner gives all of them to one shell."""
    pipeline = read(GITLAB)
    lines = [*pipeline["default"]["before_script"], *pipeline[job]["script"]]
    shell = ("bash", "-eo", "pipefail", "-c")
    return Script(words=shell, text="\n".join(lines), env=pipeline["variables"])
