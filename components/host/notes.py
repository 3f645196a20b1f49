"""Notes that outlive a command, and are in no stack's state: on the Docker host.

A note is a label of a container that never starts. So it is written whole or not at all, whoever
goes on finds it, from whichever checkout and machine, and no process in a container can change it.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from .. import PACKAGE
from ..place import Place, filters, options
from .client import docker, docker_or_fail

CONTENT = f"{PACKAGE}.note"
"""The label that holds what is noted, as JSON."""
ROLES = ("noted-window", "noted-check")
"""The roles of the containers that hold notes, for those who list what there is."""
WINDOW, CHECK = ROLES


def read(deployment: str, role: str) -> Any:
    """What is noted last; None if nothing is.

    Args:
        deployment: the deployment's name.
        role: which note.
    """
    shown = f'{{{{.Label "{CONTENT}"}}}}'
    words = ("ps", "--all", *filters(Place(deployment).labels(role)), "--format", shown)
    said = docker_or_fail("looking for notes", *words).decode(errors="replace").splitlines()
    try:
        return json.loads(said[0]) if said else None
    except ValueError:
        return {}


def write(deployment: str, role: str, content: Mapping[str, Any], *, image: str) -> None:
    """Note something, in the place of what is noted.

    Args:
        deployment: the deployment's name.
        role: which note.
        content: anything that JSON can hold.
        image: any image that is on the host.
    """
    before = _ids(deployment, role)
    place = Place(deployment)
    marks = options({**place.labels(role), CONTENT: json.dumps(content)})
    # The newest one counts: killed after this, there are two for a while, each with its own name.
    name = place.name(f"{role}-{time.time_ns()}")
    words = ("create", "--name", name, "--network", "none", *marks, image, "true")
    docker_or_fail("writing a note", *words)
    _remove(before)


def remove(deployment: str, role: str) -> None:
    """Forget what is noted."""
    _remove(_ids(deployment, role))


def _ids(deployment: str, role: str) -> list[str]:
    words = ("ps", "--all", "--quiet", *filters(Place(deployment).labels(role)))
    return docker_or_fail("looking for notes", *words).decode().split()


def _remove(containers: list[str]) -> None:
    if containers:
        docker("rm", "--force", "--volumes", *containers)
