"""Uploaded files that a container keeps in its own layer: they end with it, and in no volume.

Where it was told to keep them nobody says, so what it wrote is looked at: its MEDIA_ROOT if its
environment has one, else the folders that are called as such folders are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..inside import USER
from .inspected import Container

_FOLDERS = r"media|media_?files|media_?root|uploads?|user_?uploads|attachments"
_ROOT = re.compile(rf"^(?!/(?:proc|sys|dev|run|tmp|usr)/)(.*?/(?:{_FOLDERS}))/", re.IGNORECASE)
_SAMPLE = 20  # files that are looked for in the volume


class Host(Protocol):
    """What is asked of the Docker host."""

    def written(self, container: str) -> "Written | None":
        """What a container has written into its own layer; None if there is no such container."""
        ...

    def has_files(self, source: str, files: Sequence[str]) -> list[bool] | None:
        """Which of these files are in a volume or a folder; None if that can't be known."""
        ...


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a container has written into its own layer.

    Attributes:
        image: its image's id.
        environment: its variables.
        paths: what is new there, folders included.
    """

    image: str
    environment: Mapping[str, str]
    paths: Sequence[str]

    def uploads(self) -> dict[str, list[str]]:
        """The files below each folder that is one of uploads, relative to that."""
        folders = {path.rpartition("/")[0] for path in self.paths}
        root = self.environment.get("MEDIA_ROOT", "").rstrip("/")
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            if path in folders:
                continue
            named = _ROOT.match(path)
            top = root if root and path.startswith(f"{root}/") else named and named[1]
            if top:
                found.setdefault(top, []).append(path.removeprefix(f"{top}/"))
        return found


def written(container: Container, changes: Sequence[str]) -> Written:
    """What a container wrote into its own layer.

    Args:
        container: the container.
        changes: the changes of its layer, as `docker diff` lists them: ``A`` is what was added.
    """
    added = [path for kind, _, path in (line.partition(" ") for line in changes) if kind == "A"]
    return Written(image=container.image, environment=container.variables, paths=added)


def left_behind(host: Host, retire: Sequence[str], media: str) -> Iterator[str]:
    """One line for each folder of uploads that would be left behind, and how to copy it.

    Args:
        host: the Docker host.
        retire: the containers that are taken over from.
        media: the volume or folder that uploaded files are to be in.
    """
    for name in retire:
        layer = host.written(name)
        for folder, files in (layer.uploads() if layer else {}).items():
            there = host.has_files(media, files[:_SAMPLE])
            if layer and not (there and all(there)):
                yield (
                    f"container {name} keeps uploaded files in its own layer, in {folder}: "
                    f"{len(files)}, such as {files[0]}. They are not in {media} (media.volume), "
                    f"would not be served, and are gone once {name} is removed. Before `pulumi "
                    f"up`, `{copying(name, folder, media, layer.image)}`; the same again after it "
                    "brings what was uploaded meanwhile"
                )


def copying(container: str, folder: str, media: str, image: str) -> str:
    """The command that copies a container's folder, whether that runs or not, into a volume.

    Args:
        container: the container's name.
        folder: the folder in it.
        media: a volume, or a folder of the host by its absolute path.
        image: an image with `tar` and `chown`.
    """
    kind = "bind" if media.startswith("/") else "volume"
    return (
        f"docker cp {container}:{folder}/. - | docker run --rm --interactive --network none "
        f"--user 0 --mount type={kind},source={media},target=/to --entrypoint sh {image} -c "
        f"'tar -xC /to && chown -R {USER}:{USER} /to'"
    )
