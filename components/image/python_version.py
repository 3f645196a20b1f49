"""The Python that a project asks for, and an image that has it."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from .project import Project

Version = tuple[int, int]

IMAGE = "python:{}-slim-trixie"
# The newest first. What Debian's own release has is known by the release's name.
KNOWN: tuple[Version, ...] = ((3, 14), (3, 13), (3, 12), (3, 11), (3, 10))
_OF_DEBIAN = {"trixie": (3, 13), "bookworm": (3, 11)}

_PIN = re.compile(r"^\s*(?:cpython[-@])?(\d+)\.(\d+)", re.MULTILINE)
_CLAUSE = re.compile(r"(>=|<=|==|~=|!=|>|<)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a project says of its Python.

    Attributes:
        pin: the one version that a .python-version names; None without one.
        spec: the versions that requires-python allows; "" allows any.
    """

    pin: Version | None = None
    spec: str = ""

    def __str__(self) -> str:
        """For people: what asks for what."""
        said = [f".python-version asks for Python {_text(self.pin)}"] if self.pin else []
        return " and ".join([*said, *([f"requires-python is {self.spec!r}"] if self.spec else [])])


def asked(project: Project) -> Asked:
    """What a project's files say of its Python."""
    pin = next(_read(project, ".python-version"), "")
    found = _PIN.search(pin)
    spec = ""
    for text in _read(project, "pyproject.toml"):
        spec = spec or str(tomllib.loads(text).get("project", {}).get("requires-python", ""))
    return Asked(pin=(int(found[1]), int(found[2])) if found else None, spec=spec)


def _read(project: Project, name: str) -> Iterator[str]:
    for folder in dict.fromkeys((Path(project.requirements).parent, Path())):
        file = project.root / folder / name
        if file.is_file():
            yield file.read_text(encoding="utf-8", errors="replace")


def fitting_base(
    project: Project, base: tuple[str, str], *, can_get: Callable[[str], bool]
) -> tuple[str, str]:
    """The image to build on, and where it comes from: one with the Python that is asked for.

    Args:
        project: the project.
        base: what it would be otherwise; an image whose Python is not known is left alone.
        can_get: tells if the host has an image, or can get it from a registry.

    Raises:
        UserError: no image with such a Python is to be had.
    """
    wants, has = asked(project), _version_of(base[0])
    if has is None or (allows(wants.spec, has) and wants.pin in (None, has)):
        return base
    fitting = [wants.pin] if wants.pin else [v for v in KNOWN if allows(wants.spec, v)]
    for version in fitting:
        image = IMAGE.format(_text(version))
        if can_get(image):
            return image, str(wants)
    # What developers pin is not all that the project allows.
    if wants.spec and allows(wants.spec, has):
        return base
    best = _text(fitting[0]) if fitting else "X.Y"
    raise UserError(
        f"{wants}, but the base image {base[0]} has Python {_text(has)}",
        [
            f"{IMAGE.format(best)} is neither on the host nor to be had from a registry: "
            f"`docker pull {IMAGE.format(best)}` says why",
            "`pulumi config set --path image.base IMAGE` with an image that has it; or with "
            f"{base[0]}, if the project runs on Python {_text(has)} all the same",
        ],
    )


def _version_of(image: str) -> Version | None:
    found = re.search(r"(?:^|/)python:(\d+)\.(\d+)", image)
    if found:
        return int(found[1]), int(found[2])
    return _OF_DEBIAN.get(image.rpartition(":")[2]) if "/base:" in image else None


def allows(spec: str, version: Version) -> bool:
    """A requires-python allows a minor version of Python, in its newest patch."""
    return all(_holds(found, version) for found in _CLAUSE.findall(spec))


def _holds(clause: tuple[str, ...], version: Version) -> bool:
    operator, major, minor, patch = clause
    bound = (int(major), int(minor or 0))
    if operator == "~=":
        return version == bound if patch else version >= bound and version[0] == bound[0]
    if operator == "==":
        return version == bound if minor else version[0] == bound[0]
    # Of 3.12.1 and later, 3.12 has some; before 3.12.1 it has, too.
    return {
        ">=": version >= bound,
        ">": version >= bound if patch else version > bound,
        "<=": version <= bound,
        "<": version <= bound if int(patch or 0) else version < bound,
        "!=": bool(patch) or version != bound,
    }[operator]


def _text(version: Version | None) -> str:
    return ".".join(map(str, version or ()))
