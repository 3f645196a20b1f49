"""Keeps so many releases of a deployment on the host, and removes older ones.

A release is an image; with it go the image that a Dockerfile of the project's own made for it, and
its static files for pages that it served. What its build recorded is carried into the deployment's
ledger first. It fails nothing: traffic has been switched, and what can't be removed is said.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from deploy_runtime import ledger

from ..host.client import docker, docker_or_fail, inspect, read_image
from ..place import DEPLOYMENT, RELEASE, ROLE, filters
from ..step_output import result, say
from .releases_on_host import KeptRelease, kept_releases

Images = list[dict[str, Any]]

# A tag, or a digest, behind the name that an image has.
_NAME = re.compile(r"(?::[\w.-]+|@sha256:[0-9a-f]+)$")


def in_order(
    releases: Iterable[KeptRelease], serves: str, served: Mapping[str, str]
) -> list[KeptRelease]:
    """The releases in the order of their worth: the one that serves, then as they served last.

    Args:
        releases: those on the host.
        serves: the tag of the one that serves.
        served: when each was last let through to traffic, by tag; the others come at the end.
    """
    return sorted(
        releases, key=lambda r: (r.tag == serves, served.get(r.tag, ""), r.built), reverse=True
    )


def superfluous(
    images: Images, deployment: str, kept: Iterable[str], repositories: Collection[str] = ()
) -> Iterator[str]:
    """The images of a deployment's other releases: by name, or by id those that lost theirs.

    Args:
        images: what the daemon says of images of this program, of the deployment or of another.
        deployment: the deployment.
        kept: the tags of the releases that stay.
        repositories: the names that its releases have in registries.
    """
    stays = {f"{deployment}:{tag}{suffix}" for tag in kept for suffix in ("", "-app")}
    for image in images:
        if _mark(image, ROLE) not in ("release", "app"):
            continue
        every = [*(image["RepoTags"] or ()), *(image.get("RepoDigests") or ())]
        # What it is called for the way to a registry and from one goes with its last other name.
        elsewhere = [name for name in every if _NAME.sub("", name) in repositories]
        names = [name for name in every if name.startswith(f"{deployment}:")]
        others = {*every} - {*elsewhere} - {*names}
        yield from (name for name in names if name not in stays)
        if not others and not stays & {*names}:
            yield from elsewhere
        if not every and _mark(image, DEPLOYMENT) == deployment:
            yield image["Id"]


def tidy(
    deployment: str, backend: str, keep: int, repositories: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Remove what is more than so many releases; return those that are there, built last first."""
    state = inspect(backend)
    serves = _mark(state or {}, RELEASE)
    served = _served(backend)
    images = _images(deployment)
    releases = [r for r in kept_releases(images) if r.deployment == deployment]
    kept = [release.tag for release in in_order(releases, serves, served)[:keep]]
    names = list(superfluous(images, deployment, kept, repositories))
    _carry(backend, [r for r in releases if r.tag not in kept])
    for name in names:
        _remove(name)
    docker("exec", backend, "python", "-m", "deploy_runtime.assets", "prune", *kept)
    left = [r for r in kept_releases(_images(deployment)) if r.deployment == deployment]
    return [
        {
            "release": release.tag,
            "built": release.built,
            "served": served.get(release.tag),
            "serves": release.tag == serves,
        }
        for release in left
    ]


def _images(deployment: str) -> Images:
    ids: list[str] = []
    # By its labels it is the deployment's that built it; by its name it may be this one's, too.
    for which in (filters({DEPLOYMENT: deployment}), ["--filter", f"reference={deployment}"]):
        words = ("image", "ls", "--quiet", "--no-trunc", *which)
        ids += docker_or_fail("listing the releases", *words).decode().split()
    ids = list(dict.fromkeys(ids))
    # One that is removed meanwhile is left out, and the others are told all the same.
    found: Images = json.loads(docker("image", "inspect", *ids).stdout or "[]") if ids else []
    return found


def _mark(thing: Mapping[str, Any], name: str) -> str:
    marks = (thing.get("Config") or {}).get("Labels") or {}
    return str(marks.get(name, ""))


def _served(backend: str) -> dict[str, str]:
    # A release from before there were such files can't tell, and then the order is that of builds.
    said = docker("exec", backend, "python", "-m", "deploy_runtime.assets", "list")
    found: dict[str, str] = json.loads(said.stdout) if said.returncode == 0 else {}
    return found


def _carry(backend: str, releases: Sequence[KeptRelease]) -> None:
    lines = []
    for release in releases:
        records, _ = ledger.parse(read_image(release.image, ledger.IMAGE_FILE) or b"")
        marks = {"deployment": release.deployment, "release": release.tag}
        lines += [json.dumps({**record, **marks}) for record in records]
    if not lines:
        return
    data = "".join(f"{line}\n" for line in lines).encode()
    done = docker("exec", "-i", backend, "python", "-c", ledger.APPEND, stdin=data)
    if done.returncode != 0:
        _warn("what the removed releases' builds recorded is not in the ledger any more")


def _remove(name: str) -> None:
    # Without force: the daemon refuses to remove what a container uses, be it stopped.
    done = docker("image", "rm", name)
    said = done.stderr.decode(errors="replace")
    if done.returncode == 0:
        say(f"releases: {name} was removed from the host")
    elif "is using" not in said and "No such image" not in said:
        _warn(f"{name} can't be removed: {said.strip()}")


def _warn(text: str) -> None:
    say(f"warning: releases: {text}")


def main() -> None:
    """Keep KEEP releases of DEPLOYMENT, where BACKEND serves; print them as JSON."""
    kept: list[dict[str, Any]] = []
    try:
        names = os.environ.get("REPOSITORIES", "").split()
        deployment, backend = os.environ["DEPLOYMENT"], os.environ["BACKEND"]
        kept = tidy(deployment, backend, int(os.environ["KEEP"]), names)
    except (Exception, SystemExit) as error:  # no reason to fail an update that has succeeded
        _warn(f"they can't be looked after: {error}")
    result(kept)


if __name__ == "__main__":
    main()
