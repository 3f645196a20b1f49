"""Whether the images that a host has can run there: each was built for one kind of processor.

What is built on the host, or pulled by it, is its own kind. What was brought there may be another,
as by `docker save` from a laptop. Whether that runs nevertheless, emulated, only a try can tell.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..image_reference import Named
from ..place import DEPLOYMENT, LOOKING, ROLE, options
from .finding import Finding, wrong

Docker = Callable[..., "subprocess.CompletedProcess[bytes]"]

_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i386": "386", "i686": "386"}


def problems(docker: Docker, architecture: str, named: Mapping[str, str]) -> Iterator[Finding]:
    """One finding for each image that is there and can't run.

    Args:
        docker: runs the docker client.
        architecture: the host's own, as `docker info` says it.
        named: images, by what people call them; "" is none.
    """
    own = as_in_images(architecture)
    wanted = list(filter(None, named.values()))
    said = docker("image", "inspect", *wanted).stdout if wanted and own else b""
    there = {tag: image for image in json.loads(said or b"[]") for tag in _tags(image)}
    for key, name in named.items():
        kind = str(there.get(Named.of(name).as_listed, {}).get("Architecture") or own)
        if kind != own and "exec format error" in _tried(docker, name):
            yield _problem(key, name, kind, own)


def as_in_images(machine: str) -> str:
    """How images call a kind of processor.

    Args:
        machine: as a system calls it, such as ``x86_64``.
    """
    return _NAMES.get(machine, machine)


def _tried(docker: Docker, image: str) -> str:
    """What a container says that is to do nothing."""
    marks = options({ROLE: LOOKING, DEPLOYMENT: ""})
    words = ("--rm", "--network", "none", *marks, "--entrypoint", "true", image)
    return docker("run", *words).stderr.decode(errors="replace")


def _tags(image: Mapping[str, Any]) -> list[str]:
    return [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]


def _problem(key: str, name: str, kind: str, own: str) -> Finding:
    said = f"{key}: {name} is made for {kind}, the host is {own} and can't run it"
    mends = (
        f"have the host pull it for its own kind (`docker pull --platform linux/{own} {name}`), or "
        "name another image"
    )
    return wrong("architecture", said, mends, stops=True)
