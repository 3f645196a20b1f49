"""Which migrations a database has: the release that failed is asked, in a container of its own."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..host import one_shot, out_of_memory
from ..host.client import fail
from ..place import Place

DESCRIPTION = "migration-check.json"
"""The file with the check's description, which the program writes at each update."""
ROLE = "migration-check"
"""What the container does in the deployment."""
# It was there a moment ago: who waits for an error isn't kept waiting for long.
_PATIENCE = "DEPLOY_DATABASE_TIMEOUT=5"


def applied(described: Mapping[str, Any]) -> frozenset[str] | None:
    """The migrations that a database says were applied, as `app.name`; None if it can't be asked.

    What a container wrote down is not enough: one that was killed while it migrated wrote nothing.

    Args:
        described: the migration check's description.
    """
    done = ask(described, "deploy_runtime.applied", "--env", _PATIENCE)
    names = answer(done)
    return None if names is None else frozenset(names)


def ask(
    described: Mapping[str, Any], module: str, *options: str
) -> subprocess.CompletedProcess[bytes]:
    """Ask a release about its database, in a container of its own.

    Args:
        described: the migration check's description.
        module: what is run there, with the flags of migrate.
        options: further options of `docker run`.
    """
    words = [*described["restrictions"], *one_shot.options(described, "mount", "env"), *options]
    words += [described["image"], "python", "-m", module, *described["flags"]]
    done = one_shot.run(described["deployment"], ROLE, words, networks=described["networks"])
    return one_shot.showable(done, described["mount"], described["image"])


def killed(described: Mapping[str, Any]) -> str:
    """That the release was killed for its memory when it was asked, and what to do; else "".

    Args:
        described: the migration check's description.
    """
    name = Place(described["deployment"]).name(ROLE)
    return out_of_memory.explain(name, out_of_memory.KEYS["backend"], described["memory"])


def answer(done: subprocess.CompletedProcess[bytes]) -> Any:
    """What the release answered: the JSON of its last line; None if it gave no answer."""
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode != 0 or not lines:
        return None
    try:
        return json.loads(lines[-1])
    except ValueError:
        return None


def description(file: str) -> dict[str, Any]:
    """The migration check's description.

    Args:
        file: where the program wrote it; if it can't be read, this command fails.
    """
    try:
        found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{file} can't be read ({error}): run `pulumi up` again, it writes the file")
    return found
