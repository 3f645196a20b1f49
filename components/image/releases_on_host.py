"""Which releases are on the host, as their images say. Pure, without an import of Pulumi."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..place import DEPLOYMENT, RELEASE, ROLE

_HEALTH_PATH = "DEPLOY_HEALTH_PATH="


@dataclass(frozen=True, kw_only=True)
class KeptRelease:
    """A release whose image is on the host.

    Attributes:
        deployment: the deployment that it is a release of.
        tag: its content tag.
        built: when its image was built, as an ISO 8601 time in UTC, to the second.
        health_path: the path that says whether it can serve; "" if its image doesn't say.
    """

    deployment: str
    tag: str
    built: str
    health_path: str = ""

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
    found = [release for image in images if (release := _release(image))]
    return sorted(found, key=lambda release: (release.built, release.tag), reverse=True)


def _release(image: Mapping[str, Any]) -> KeptRelease | None:
    config = image.get("Config") or {}
    marks: Mapping[str, str] = config.get("Labels") or {}
    if marks.get(ROLE) != "release":
        return None
    paths = [e for e in config.get("Env") or () if e.startswith(_HEALTH_PATH)]
    found = KeptRelease(
        deployment=marks.get(DEPLOYMENT, ""),
        tag=marks.get(RELEASE, ""),
        built=f"{image.get('Created', '')[:19]}Z",
        health_path="".join(paths[-1:]).removeprefix(_HEALTH_PATH),
    )
    # One without its name was built anew under it: nothing can be done with it.
    return found if found.image in (image.get("RepoTags") or ()) else None
