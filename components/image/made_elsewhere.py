"""Which images that somebody else makes a container's image is, or starts from.

The daemon keeps no record of what an image was built on. But each image begins with the layers of
the one that it was built on, so one of the host's that has these is that one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import PACKAGE
from ..image_reference import Named, as_listed
from ..place import DEPLOYMENT, IMAGE_ROLES, ROLE

Image = Mapping[str, Any]
"""What the daemon knows of an image."""

_BASE = "base"  # the role of an image that this program made of Debian's packages


@dataclass(frozen=True, kw_only=True)
class MadeElsewhere:
    """It.

    Attributes:
        named: as config names it, or else the host; None where neither does.
        in_use: the digest of what the container was made from; "" where the host doesn't know.
        here: this program made it on the host, of Debian's packages: no registry has it.
        image: what the daemon knows of it; None where the host has only what was built on it.
    """

    named: Named | None
    in_use: str = ""
    here: bool = False
    image: Image | None = None


def is_built_here(image: Image) -> bool:
    """This program built an image, on another one."""
    return _labels(image).get(ROLE) in IMAGE_ROLES


def built_names(there: Iterable[Image], deployment: str, roles: Sequence[str]) -> list[str]:
    """The names of what this program built for a deployment.

    Args:
        there: all images of the host.
        deployment: the deployment's name.
        roles: what it was built as.
    """
    mine = [one for one in there if _labels(one).get(DEPLOYMENT) == deployment]
    meant = [one for one in mine if _labels(one).get(ROLE) in roles]
    return [name for one in meant for name in one.get("RepoTags") or ()]


def find(
    image: Image, there: Iterable[Image], *, configured: str = "", default: str = ""
) -> MadeElsewhere:
    """What somebody else made of a container's image: all of it, or what it was built on.

    Args:
        image: the container's image.
        there: all images of the host.
        configured: the name that config has for it; "" where it has none.
        default: the name that it was likely pulled by, where nothing else on the host says it.
    """
    candidates = _below(image, there) if is_built_here(image) else [image]
    if not configured:
        return _known_by_host(next(iter(candidates), None), default)
    named = Named.of(configured)
    listed = as_listed(named.name)
    # One without that name is what the one that config names was built on, if anything.
    found = next((one for one in candidates if listed in _digests(one)), None)
    in_use = _digests(found)[listed] if found else named.digest
    return MadeElsewhere(named=named, in_use=in_use, image=found)


def _known_by_host(image: Image | None, default: str) -> MadeElsewhere:
    if image is None:
        return MadeElsewhere(named=None)
    tags: list[str] = image.get("RepoTags") or []
    if _labels(image).get(ROLE) == _BASE:
        own = next((tag for tag in tags if tag.startswith(f"{PACKAGE}/")), f"{PACKAGE}/base")
        return MadeElsewhere(named=Named.of(own), here=True, image=image)
    digests = _digests(image)
    # One whose name another one has by now, which was pulled, has its digest left.
    usual = [default] if Named.of(default).name in digests else []
    names = [*tags, *usual, *(f"{name}@{digest}" for name, digest in digests.items())]
    named = Named.of(next(iter(names), ""))
    if not named.name:
        return MadeElsewhere(named=None, image=image)
    return MadeElsewhere(named=named, in_use=digests.get(as_listed(named.name), ""), image=image)


def _below(image: Image, there: Iterable[Image]) -> list[Image]:
    """The foreign images that an image begins with, of which the most: the last that was added."""
    whole = _layers(image)
    found = [
        one
        for one in there
        if not _labels(one).get(DEPLOYMENT) and _layers(one) == whole[: len(_layers(one))]
    ]
    most = max((len(_layers(one)) for one in found), default=0)
    return [one for one in found if most and len(_layers(one)) == most]


def _digests(image: Image) -> dict[str, str]:
    """The digests that registries gave an image, by its name there."""
    pairs = (text.partition("@")[::2] for text in image.get("RepoDigests") or ())
    return {as_listed(name): digest for name, digest in pairs}


def _layers(image: Image) -> list[str]:
    return list((image.get("RootFS") or {}).get("Layers") or ())


def _labels(image: Image) -> Mapping[str, str]:
    return (image.get("Config") or {}).get("Labels") or {}
