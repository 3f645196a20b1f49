"""PostgreSQL's own command line, from the server's image: a release seldom has it.

How the server is reached is asked of the release, as Django would reach it. That holds the
password: it goes into a volume of the container's own, and from there into its memory.
"""

import base64
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy_runtime import ledger

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.archive import archive
from ..host.client import docker_or_fail, fail
from ..host.what_serves import running_containers
from ..inside import LEDGER
from ..place import RELEASE, Place, filters

_LIBPQ = Path(__file__).parents[2] / "deploy_runtime/libpq.py"
_FOLDER = "/run/address"
_SCRIPT = f"""\
set -eu
umask 077
cp {_FOLDER}/* /dev/shm/
rm {_FOLDER}/*
export PGSERVICEFILE=/dev/shm/service.conf PGSERVICE=deployment PSQL_HISTORY=/tmp/history
exec psql "$@"
"""
_HELPER = "one-off-helper"


def tools(deployment: str, serving: dict[str, Any]) -> str:
    """An image with PostgreSQL's tools, if the site's database is one; "" if there is none.

    Args:
        deployment: the deployment's name.
        serving: what the daemon knows of the container that serves.
    """
    if any(value.startswith("DATABASE_URL=sqlite:") for value in serving["Config"]["Env"]):
        return ""
    for server in running_containers(deployment, "postgres"):
        words = ("inspect", "--format", "{{.Image}}", server)
        return docker_or_fail("looking at the server", *words).decode().strip()
    words = ("image", "ls", "--quiet", "--no-trunc")
    mine = filters(Place(deployment).labels("postgres-image"))
    images = docker_or_fail("looking for PostgreSQL's tools", *words, *mine).decode().split()
    return images[0] if images else ""


def address(deployment: str, serving: dict[str, Any], alias: str) -> tuple[str, bytes]:
    """Where the server is, for its tools: a folder, and an archive of what goes into it.

    Args:
        deployment: the deployment's name.
        serving: what the daemon knows of the container that serves.
        alias: what the project calls the database.
    """
    words = [*one_shot.like(serving), "--network", "none", serving["Image"]]
    asked = ("python", "-", alias)
    done = one_shot.run(
        deployment, _HELPER, ["--interactive", *words, *asked], stdin=_LIBPQ.read_bytes()
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"dbshell: the release can't say how it reaches its database: {said}")
    lines = done.stdout.decode().splitlines()
    service = "".join(f"{line}\n" for line in lines if not line.startswith("#file "))
    files = {"service.conf": service.encode()}
    for line in lines:
        if line.startswith("#file "):
            _, name, content = line.split(" ")
            files[name] = base64.b64decode(content)
    return _FOLDER, archive(files)


def options() -> list[str]:
    """The options of its container, up to the image."""
    volume = f"type=volume,target={_FOLDER}"
    return [*HELPER.options(), "--user", "0", "--mount", volume, "--entrypoint", "sh"]


def words(given: Sequence[str]) -> list[str]:
    """What follows the image.

    Args:
        given: further words for psql.
    """
    return ["-c", _SCRIPT, "psql", *given]


@contextmanager
def recorded(deployment: str, serving: dict[str, Any]) -> Iterator[list[int]]:
    """Enter into the ledger what the block does, which puts its exit code into the list."""
    began, started = datetime.now(UTC), time.monotonic()
    ended: list[int] = []
    try:
        yield ended
    finally:
        outcome = "done" if ended == [0] else "failed"
        record: ledger.Record = {
            "id": uuid.uuid4().hex,
            "deployment": deployment,
            "release": str(serving["Config"]["Labels"].get(RELEASE, "")),
            "container": "",
            "operation": "manage",
            "point": ledger.BY_HAND,
            "start": began.isoformat(timespec="milliseconds"),
            "seconds": round(time.monotonic() - started, 3),
            "boots": 1,
            "boot_seconds": 0.0,
            "result": {"command": "dbshell", "outcome": outcome},
        }
        _append(deployment, serving["Image"], record)


def _append(deployment: str, image: str, record: ledger.Record) -> None:
    mount = f"type=volume,source={Place(deployment).ledger},target={LEDGER}"
    words = (*HELPER.options(), "--network", "none", "--mount", mount)
    asked = (*words, image, "python", "-c", ledger.APPEND)
    one_shot.run(deployment, _HELPER, asked, stdin=json.dumps(record).encode())
