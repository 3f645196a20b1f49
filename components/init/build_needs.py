"""What building a project needs besides its requirements, told from its files."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .project_files import files_named
from .settings_text import is_on

# By a program that a script calls: the Debian package that has it.
_TOOLS = {"msgfmt": "gettext", "node": "nodejs", "npm": "npm", "npx": "npm", "sassc": "sassc"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that is run while the image is built.

    Attributes:
        commands: what is run, in order.
        packages: the Debian packages that it needs.
        why: what speaks for it.
    """

    commands: tuple[str, ...]
    packages: tuple[str, ...] = ()
    why: str


def steps(root: Path, settings: Sequence[ast.Module]) -> list[Step]:
    """The steps of a project's build, in the order in which they are run."""
    found = [*_npm(root), *_script(root)]
    if any(not file.with_suffix(".mo").exists() for file in files_named(root, "*.po")):
        why = "there are translations that are not compiled"
        found.append(Step(commands=("compilemessages",), packages=("gettext",), why=why))
    if is_on(settings, "COMPRESS_OFFLINE"):
        found.append(Step(commands=("compress",), why="COMPRESS_OFFLINE is on"))
    return found


def _npm(root: Path) -> Iterator[Step]:
    file = root / "package.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError:
        return
    if isinstance(said, dict) and "build" in said.get("scripts", {}):
        install = "npm ci" if (root / "package-lock.json").is_file() else "npm install"
        yield Step(
            commands=(install, "npm run build"),
            packages=("nodejs", "npm"),
            why="package.json has a script `build`",
        )


def _script(root: Path) -> Iterator[Step]:
    file = root / "build.sh"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    # One that makes images, or installs what a server needs, is not for the inside of an image.
    if code.strip() and not re.search(r"\b(?:docker|podman|sudo|apt-get|pip|manage\.py)\b", code):
        words = set(re.findall(r"[\w-]+", code))
        packages = {package for tool, package in _TOOLS.items() if tool in words}
        yield Step(
            commands=("sh build.sh",), packages=tuple(sorted(packages)), why="there is a build.sh"
        )
