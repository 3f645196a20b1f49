"""Gets a release from a registry: `REFERENCE`, by its digest, becomes `IMAGE` on this host.

What is on the host by that digest is not asked for again. A release that can't be that of this
site, because of what is missing in it, gets no name, and the update ends. The credentials come
through standard input.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..host import architecture
from ..host.client import docker as run
from ..host.client import docker_or_fail, fail
from ..image_reference import Reference, as_listed
from ..place import DEPLOYMENT, LOOKING, RELEASE, ROLE, options
from ..step_output import result, say
from ..step_secrets import hide
from .known import described, noted
from .login import Login, asked
from .words import problem, ways_out

_LOOK = """\
import importlib.util, json, os, sys
wanted = json.loads(sys.argv[1])
drivers = {"postgres": ("psycopg", "psycopg2"), "mysql": ("MySQLdb", "pymysql")}
names = drivers.get(wanted["database"], ())
root = os.readlink("/opt/root") if os.path.islink("/opt/root") else "/app"
files = [p for p in wanted["files"] if not os.path.islink(os.path.join(root, p))]
print(json.dumps({
    "driver": not names or any(importlib.util.find_spec(name) for name in names),
    "files": files,
    "health": os.environ.get("DEPLOY_HEALTH_PATH", ""),
}))
"""
"""What says, in a container of the release, whether it fits the site."""


def pull(reference: Reference, login: Login, seconds: float) -> None:
    """Get an image by its digest, unless the host has it.

    Args:
        reference: it.
        login: who comes to the registry.
        seconds: how long it may take.
    """
    if run("image", "inspect", reference.by_digest).returncode == 0:
        say(f"registry: {reference.by_digest} is on the host already")
        return
    said, _ = asked(login, "pull", "--quiet", reference.by_digest, seconds=seconds)
    if said:
        ways = ways_out(said, name=reference.name, user=login.user)
        fail(problem(f"release {reference.by_digest} can't be pulled", said, ways))
    say(f"registry: {reference.by_digest} was pulled")


def misfits(image: str, reference: Reference, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Why an image can't be the site's release, and what to do.

    Args:
        image: it, by a name that it has on the host.
        reference: what it is in the registry.
        wanted: what the site needs of it: the kind of its ``database``, the paths of secret
            ``files``, the path of its ``health``.
    """
    (about,) = json.loads(docker_or_fail(f"looking at {image}", "image", "inspect", image))
    marks = (about.get("Config") or {}).get("Labels") or {}
    if marks.get(ROLE) != "release":
        yield (
            "it is no release that this program built: take the output releaseImage of the stack "
            "that did"
        )
        return
    if reference.tag and marks.get(RELEASE) != reference.tag:
        yield (
            f"by its digest it is release {marks.get(RELEASE)}, and by its tag {reference.tag}: "
            "take the output releaseImage as it is"
        )
    info = run("info", "--format", "{{.Architecture}}").stdout.decode().strip()
    unfit = [*architecture.problems(run, info, {"releases.image": as_listed(reference.by_digest)})]
    if unfit:
        yield f"{unfit[0].said}: build it for that kind of processor"
        return
    yield from _inside(image, wanted)


def _inside(image: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    marks = options({ROLE: LOOKING, DEPLOYMENT: ""})
    words = ("run", "--rm", "--network", "none", *marks, "--entrypoint", "python", image)
    text = docker_or_fail(f"looking into {image}", *words, "-c", _LOOK, json.dumps(dict(wanted)))
    found = json.loads(text)
    if not found["driver"]:
        yield (
            f"it has no driver for {wanted['database']} (database.engine): deploy the stack that "
            "builds it with that engine, too, or name the driver in the project's requirements"
        )
    if found["files"]:
        yield (
            f"it was built without secretFiles {', '.join(found['files'])}: set them in the stack "
            "that builds it, too; their contents may differ"
        )
    if wanted["health"] and found["health"] != wanted["health"]:
        yield (
            f"its health is at {found['health']}, but processes.web.health is {wanted['health']}: "
            f"`pulumi config set --path processes.web.health {found['health']} -s STACK`"
        )


def main() -> None:
    """Have the host have REFERENCE as IMAGE within TIMEOUT seconds; print what is known of it."""
    login = Login.read(sys.stdin.read())
    hide([login.password])
    reference, image = Reference.of(os.environ["REFERENCE"]), os.environ["IMAGE"]
    pull(reference, login, float(os.environ["TIMEOUT"]))
    told = [*misfits(reference.by_digest, reference, json.loads(os.environ["WANTED"]))]
    if told:
        lines = (f"  - {text}" for text in told)
        fail("\n".join([f"release {reference} is not one for this site:", *lines]))
    docker_or_fail("naming the release", "tag", reference.by_digest, image)
    tag = image.rpartition(":")[2]
    known = described(os.environ["KNOWN"])
    result(known.with_release(tag, noted(image, reference)))


if __name__ == "__main__":
    main()
