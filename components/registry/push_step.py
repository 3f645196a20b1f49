"""Pushes a release to a registry: `IMAGE` of this host becomes `NAME` there, whatever that has.

The credentials come through standard input. What is there already is not sent again.
"""

import os
import re
import sys

from ..host.client import docker_or_fail, fail
from ..image_reference import Reference
from ..step_output import result, say
from ..step_secrets import hide
from .known import described, noted
from .login import Login, asked
from .words import problem, ways_out

_DIGEST = re.compile(rb"digest: (sha256:[0-9a-f]{64})")


def push(image: str, reference: str, login: Login, seconds: float) -> str:
    """Push an image of the host under a name; returns its digest.

    Args:
        image: it, by a name that it has on the host.
        reference: its name in the registry, with a tag.
        login: who comes there.
        seconds: how long it may take.
    """
    docker_or_fail(f"naming {image} for the registry", "tag", image, reference)
    said, printed = asked(login, "push", reference, seconds=seconds)
    found = _DIGEST.search(printed)
    if said or not found:
        ways = ways_out(said, name=reference.rpartition(":")[0], user=login.user)
        fail(problem(f"release {image} was not pushed to {reference}", said, ways))
    return found[1].decode()


def main() -> None:
    """Push IMAGE as NAME within TIMEOUT seconds; print where it is, and what else is known."""
    login = Login.read(sys.stdin.read())
    hide([login.password])
    image, name = os.environ["IMAGE"], os.environ["NAME"]
    known = described(os.environ["KNOWN"])
    tag = image.rpartition(":")[2]
    if (there := known.releases.get(tag)) and known.is_pinned and there.is_at(name):
        say(f"registry: {there.image} is there already")
    else:
        digest = push(image, f"{name}:{tag}", login, float(os.environ["TIMEOUT"]))
        there = noted(image, Reference(name=name, tag=tag, digest=digest))
        say(f"registry: {there.image} was pushed")
    result(known.with_release(tag, there))


if __name__ == "__main__":
    main()
