"""The releases that a stack has pushed or pulled, as its state knows them.

A kept release may be gone from the host: what it is in the registry, byte for byte, is remembered
here, in the result of the step that moved it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..host.client import docker_or_fail
from ..image_reference import Reference

REMEMBERED = 50
"""Releases that are remembered; a registry may have more of them."""

_HEALTH_PATH = "DEPLOY_HEALTH_PATH="


@dataclass(frozen=True, kw_only=True)
class InRegistry:
    """A release in a registry.

    Attributes:
        image: it, by its digest, as `Reference` writes it.
        built: when it was built, as an ISO 8601 time in UTC, to the second.
        health_path: the path that says whether it can serve.
    """

    image: str
    built: str
    health_path: str

    def is_at(self, name: str) -> bool:
        """It is in the registry under this name."""
        return Reference.of(self.image).name == name


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a step is told.

    Attributes:
        releases: the releases in registries, by their tags, the latest moved last.
        is_pinned: the one that is to serve is asked for by its tag.
    """

    releases: Mapping[str, InRegistry]
    is_pinned: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """It, as `described` reads it."""
        return {"releases": _plain(self.releases), "pinned": self.is_pinned}

    def with_release(self, tag: str, moved: InRegistry) -> dict[str, Any]:
        """A step's result: the release that it moved, and all that are known.

        Args:
            tag: the release's tag.
            moved: it.
        """
        others = {t: r for t, r in self.releases.items() if t != tag}
        latest = dict([*others.items(), (tag, moved)][-REMEMBERED:])
        return {"image": moved.image, "releases": _plain(latest)}


def _plain(releases: Mapping[str, InRegistry]) -> dict[str, Any]:
    return {tag: asdict(release) for tag, release in releases.items()}


def described(file: str) -> Known:
    """What the program wrote for a step."""
    said = json.loads(Path(file).read_text(encoding="utf-8"))
    return Known(releases=releases_of(said), is_pinned=bool(said.get("pinned")))


def releases_of(result: Any) -> dict[str, InRegistry]:
    """The releases in a step's result; none where it has none."""
    found = result.get("releases") if isinstance(result, Mapping) else None
    return {tag: InRegistry(**release) for tag, release in (found or {}).items()}


def noted(image: str, reference: Reference) -> InRegistry:
    """What is to be remembered of a release.

    Args:
        image: it, by a name that it has on the host.
        reference: what it is in the registry.
    """
    shown = docker_or_fail(f"looking at {image}", "image", "inspect", image)
    (about,) = json.loads(shown)
    variables = (about.get("Config") or {}).get("Env") or ()
    paths = [text for text in variables if text.startswith(_HEALTH_PATH)]
    return InRegistry(
        image=str(reference),
        built=f"{about.get('Created', '')[:19]}Z",
        health_path="".join(paths[-1:]).removeprefix(_HEALTH_PATH),
    )
