"""The seeding job: one container, once, in the foreground.

What it runs is in a file that the program writes at each update: which image, which volumes,
which steps. So the resource's own inputs stay the same from release to release, and only its
triggers decide that it runs again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.commands import aftermath, one_shot
from components.commands.client import fail

ROLE = "seeding"
"""What its container is in the deployment."""


def arguments(job: Mapping[str, Any]) -> list[str]:
    """The words after `docker run` for a job file's content."""
    words = ["--rm", "--init", *one_shot.named(job["deployment"], ROLE)]
    words += ["--network", str(job["network"]), *one_shot.options(job, "mount", "env")]
    return [*words, str(job["image"]), "python", "-m", "deploy_runtime.seed"]


def main() -> None:
    """Run the job described in the file JOB; its result, as JSON, goes to stdout."""
    file = Path(os.environ["JOB"])
    if not file.is_file():
        fail(f"seeding: {file} is missing: run `pulumi up` again, it writes the file")
    job = json.loads(file.read_text(encoding="utf-8"))
    # One that an interrupted update left behind; the steps are idempotent, so it runs anew.
    one_shot.make_room(job["deployment"], ROLE)
    one_shot.when_interrupted(lambda: _undo(job))
    code = subprocess.run(["docker", "run", *arguments(job)], check=False).returncode
    if code != 0:
        print(aftermath.left(str(job.get("migrations", ""))), file=sys.stderr, flush=True)
    sys.exit(code)


def _undo(job: Mapping[str, Any]) -> None:
    one_shot.remove(job["deployment"], ROLE)
    aftermath.left(str(job.get("migrations", "")))


if __name__ == "__main__":
    main()
