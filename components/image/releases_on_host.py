"""Which releases are on the host, as their images say. Pure, without an import of Pulumi.

Those that only a registry has any more are told in the same words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..place import ROLE

_HEALTH_PATH = "DEPLOY_HEALTH_PATH="
_NAME = re.compile(r"([a-z0-9][a-z0-9-]*):([0-9a-f]{16})")


@dataclass(frozen=True, kw_only=True)
class KeptRelease:
    """A release whose image is on the host, or in a registry.

    Attributes:
        deployment: the deployment that it is a release of.
        tag: its content tag.
        built: when its image was built, as an ISO 8601 time in UTC, to the second.
        health_path: the path that says whether it can serve; "" if its image doesn't say.
        reference: what it is in a registry, by its digest; "" if none is known to have it.
        is_on_host: its image is on the host.
    """

    deployment: str
    tag: str
    built: str
    health_path: str = ""
    reference: str = ""
    is_on_host: bool = True

    @property
    def image(self) -> str:
        """The image's name with its content tag."""
        return f"{self.deployment}:{self.tag}"

    @property
    def app_image(self) -> str:
        """The name of the image that a Dockerfile of the project's own made for it, if one did."""
        return f"{self.image}-app"


def kept_releases(images: Iterable[Mapping[str, Any]]) -> list[KeptRelease]:
    """The releases among images, of whatever deployment, those built last first.

    Args:
        images: what the daemon says of each when it is inspected.
    """
    found = [release for image in images for release in _releases(image)]
    return sorted(found, key=lambda release: (release.built, release.tag), reverse=True)


def _releases(image: Mapping[str, Any]) -> Iterator[KeptRelease]:
    config = image.get("Config") or {}
    marks: Mapping[str, str] = config.get("Labels") or {}
    if marks.get(ROLE) != "release":
        return
    paths = [e for e in config.get("Env") or () if e.startswith(_HEALTH_PATH)]
    # Whose it is says its name, and not its labels: it may be another deployment's, too, that built
    # it. One without a name was built anew under it: nothing can be done with it.
    for name in image.get("RepoTags") or ():
        found = _NAME.fullmatch(name)
        if found:
            yield KeptRelease(
                deployment=found[1],
                tag=found[2],
                built=f"{image.get('Created', '')[:19]}Z",
                health_path="".join(paths[-1:]).removeprefix(_HEALTH_PATH),
            )
