"""The seeding job: one container, once, in the foreground.

What it runs is in a file that the program writes at each update: which image, which volumes,
which steps. So the resource's own inputs stay the same from release to release, and only its
triggers decide that it runs again.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from components.commands.client import docker, fail


def arguments(job: dict[str, object]) -> list[str]:
    """The words after `docker run` for a job file's content."""
    name, image = str(job["name"]), str(job["image"])
    words = ["--rm", "--init", "--name", name, "--network", str(job["network"])]
    for option in ("label", "mount", "env"):
        values = job[option]
        assert isinstance(values, list)
        words += [word for value in values for word in (f"--{option}", str(value))]
    return [*words, image, "python", "-m", "deploy_runtime.seed"]


def main() -> None:
    """Run the job described in the file JOB; its result, as JSON, goes to stdout."""
    file = Path(os.environ["JOB"])
    if not file.is_file():
        fail(f"seeding: {file} is missing: run `pulumi up` again, it writes the file")
    job = json.loads(file.read_text(encoding="utf-8"))
    # One that an interrupted update left behind; the steps are idempotent, so it runs anew.
    docker("rm", "--force", job["name"])
    sys.exit(_run(job["name"], arguments(job)))


def _run(name: str, words: list[str]) -> int:
    def stop(number: int, _frame: FrameType | None) -> None:
        docker("rm", "--force", name)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return subprocess.run(["docker", "run", *words], check=False).returncode


if __name__ == "__main__":
    main()
