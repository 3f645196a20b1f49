"""The seeding job: one container, once, in the foreground.

What it runs is in a file that the program writes at each update: which image, which volumes,
which steps. So the resource's own inputs stay the same from release to release, and only its
triggers decide that it runs again.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..host import one_shot, out_of_memory
from ..host.client import docker_shown, fail
from ..host.masked_output import learn_mounted
from ..migrations import aftermath, applied
from ..place import Place
from ..step_output import result, say

ROLE = "seeding"
"""What its container is in the deployment."""


def arguments(job: Mapping[str, Any]) -> list[str]:
    """The words after `docker create` for a job file's content."""
    words = ["--rm", "--init", *one_shot.named(job["deployment"], ROLE)]
    words += [*job["restrictions"], "--network", str(job["networks"][0])]
    words += one_shot.options(job, "mount", "env")
    return [*words, str(job["image"]), "python", "-m", "deploy_runtime.seed"]


def main() -> None:
    """Run the job described in the file JOB; its result, as JSON, goes to stdout."""
    file = Path(os.environ["JOB"])
    if not file.is_file():
        fail(f"seeding: {file} is missing: run `pulumi up` again, it writes the file")
    job = json.loads(file.read_text(encoding="utf-8"))
    # One that an interrupted update left running: it is asked to end, so that there is never a
    # second beside it. The steps are idempotent, so the job runs anew.
    one_shot.make_room(job["deployment"], ROLE)
    if not learn_mounted(job["mount"], str(job["image"])):
        fail("seeding: the deployment's secrets can't be read, so nothing that has them is started")
    name = Place(job["deployment"]).name(ROLE)
    problem = one_shot.made(name, arguments(job), job["networks"][1:])
    if problem:
        say(problem.stderr.decode(errors="replace").strip())
    done = problem or docker_shown("start", "--attach", name)
    if done.returncode != 0:
        killed = out_of_memory.explain(name, out_of_memory.KEYS["backend"], job["memory"])
        if killed:
            say(f"seeding: {killed}")
        fail(aftermath.explain(applied.description(job["check"])), done.returncode)
    result(applied.answer(done))


if __name__ == "__main__":
    main()
