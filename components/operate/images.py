"""Whether there are newer ones of the images that others make: `… operate.images DEPLOYMENT`.

For each image that a deployment's containers start from and somebody else makes: which one is in
use, how old it is, and whether its registry has another one by that name now. Nothing is changed,
and nothing is pulled. The exit code is 0 where nothing newer is there, `NEWER` where something is,
and `UNKNOWN` where that is not known of one at least.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from ..host import reach
from ..host.client import NONE, docker, docker_or_fail, fail, inspect
from ..host.what_serves import all_containers, serving_containers
from ..image.made_elsewhere import Image, MadeElsewhere, built_names, find, is_built_here
from ..image_reference import Named
from ..own_commands import run_module
from ..place import SHARED_EDGE
from ..registry.newest import NotKnownError, digest_of
from ..text_table import text_table
from . import command, site

NEWER = 3
"""The exit code where a registry has a newer one."""

UNKNOWN = 4
"""The exit code where nothing newer is known of, and of one nothing is known."""

_DEFAULT = "python:3.13-slim-trixie"
_NOT_THERE = "the host has what was built on it, and not the image itself"
_HEAD = ("image of", "name", "in use", "age", "newer")
_CALLED = {"backend": "release", "postgres": "PostgreSQL", SHARED_EDGE: "shared edge"}
_KEYS = {"backend": "image.base", "postgres": "database.image"}
_ON_EDGE = ("edge-image", "tls-image", "shared-image")
_BUILT = {"backend": (), "postgres": ("postgres-image",), "edge": _ON_EDGE, SHARED_EDGE: _ON_EDGE}
_LIST = ("image", "ls", "--quiet", "--no-trunc")
_SHOWN = len("sha256:") + 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is known of one image.

    Attributes:
        of: what is made from it, for people.
        key: the config key that names another one; "" where none does.
        built: the names of what was built on it, where no key names another one.
        found: which one it is.
        made: the day on which it was made, or what is oldest in it; "" where nothing says.
        newest: the digest that the registry has by that name now; "" where that is not known.
        why: why it is not known.
    """

    of: str
    key: str
    built: Sequence[str]
    found: MadeElsewhere
    made: str = ""
    newest: str = ""
    why: str = ""

    @property
    def is_newer(self) -> bool:
        """The registry has another one than is in use."""
        return self.is_known and self.newest != self.found.in_use

    @property
    def is_known(self) -> bool:
        """Both are known: which one is in use, and which the registry has."""
        return bool(self.newest and self.found.in_use)


def main() -> None:
    """Print what is known of the images; the exit code says what came of it."""
    parser = argparse.ArgumentParser(prog=run_module("operate.images"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("--base", default="", help="what image.base says")
    parser.add_argument("--database", default="", help="what database.image says")
    parser.add_argument("--release", default="", help="what releases.image says")
    options = parser.parse_args()
    names = {"backend": options.base, "postgres": options.database}
    roles = [role for role in site.ROLES if role != "backend" or not options.release]
    command.run(lambda: _show(options.deployment, roles, names))


def _show(deployment: str, roles: Sequence[str], names: Mapping[str, str]) -> int:
    site.exists(deployment)
    rows = look(deployment, roles, names)
    print(as_text(rows))
    if "backend" not in roles:
        print("\nrelease: another stack built it (releases.image): ask there")
    if any(row.is_newer for row in rows):
        return NEWER
    return 0 if all(row.is_known or row.found.here for row in rows) else UNKNOWN


def look(deployment: str, roles: Sequence[str], names: Mapping[str, str]) -> list[Row]:
    """What is known of each image; their registries are asked.

    Args:
        deployment: the deployment's name.
        roles: the roles of the containers to look at.
        names: what config calls their images, by role; "" is nothing.
    """
    there = _images(docker_or_fail("listing images", *_LIST).decode().split())
    ask = cache(_ask)
    rows = []
    for role in roles:
        for image in _images(_images_of(deployment, role)):
            named = _configured(role, image, names)
            found = find(image, there, configured=named, default=_DEFAULT)
            built = built_names(there, deployment, _BUILT[role]) if is_built_here(image) else ()
            newest, why = ("", "") if found.here else ask(found.named)
            rows.append(
                Row(
                    of=_CALLED.get(role, role),
                    key="" if built else _KEYS.get(role, ""),
                    built=built,
                    found=found,
                    made=_made(found.image or image, whole=found.image is not None),
                    newest=newest,
                    why=why,
                )
            )
    return rows


def _configured(role: str, image: Image, names: Mapping[str, str]) -> str:
    # A PostgreSQL that was built is built on what the edge is: config names another one to come.
    return "" if role == "postgres" and is_built_here(image) else names.get(role, "")


def _images(ids: Sequence[str]) -> list[Image]:
    if not ids:
        return []
    done = docker("image", "inspect", *dict.fromkeys(ids))
    said = done.stderr.decode(errors="replace").strip()
    # One that was listed may be gone by now.
    if done.returncode != 0 and not re.search(NONE, said):
        fail(f"looking at images: {said}")
    images: list[Image] = json.loads(done.stdout or b"[]")
    return images


def _images_of(deployment: str, role: str) -> list[str]:
    """The image of the container that was made last, of those that serve if any does."""
    serving = serving_containers(deployment) if role == "backend" else []
    names = serving or all_containers(deployment, role)
    return [state["Image"] for state in filter(None, map(inspect, names[-1:]))]


def _ask(named: Named | None) -> tuple[str, str]:
    """The digest that a registry has now, or why that is not known."""
    if named is None:
        return "", f"{_NOT_THERE}: the output baseImage names a release's, and so can image.base"
    if not named.follows:
        return "", "it is named by its digest alone: NAME:TAG@sha256:… says which tag it follows"
    try:
        return digest_of(named.follows, at=reach.address()), ""
    except NotKnownError as error:
        return "", f"its registry does not say: {error}"


def _made(image: Image, *, whole: bool) -> str:
    """The day on which an image was made; of one that was built on another, that of its oldest."""
    if whole:
        return str(image.get("Created") or "")[:10]
    words = ("history", "--human=false", "--format", "{{.CreatedAt}}", image["Id"])
    days = docker_or_fail("looking at an image", *words).decode().split()
    return days[-1][:10] if days else ""


def as_text(rows: Sequence[Row]) -> str:
    """All of it for people: a table, and of each image with something to do what that is."""
    cells = [(row.of, _name(row.found), _in_use(row), _age(row.made), _newer(row)) for row in rows]
    parts = [text_table([_HEAD, *cells]), *filter(None, map(_note, rows))]
    return "\n\n".join(parts)


def _name(found: MadeElsewhere) -> str:
    return (found.named.follows or found.named.name) if found.named else "unknown"


def _in_use(row: Row) -> str:
    return "made on this host" if row.found.here else row.found.in_use[:_SHOWN] or "unknown"


def _age(made: str, now: datetime | None = None) -> str:
    # Some builds are given no time, or the first one that there is.
    if not made or made < "2000":
        return "unknown"
    began = datetime.fromisoformat(made).replace(tzinfo=UTC)
    return f"{((now or datetime.now(UTC)) - began).days} days"


def _newer(row: Row) -> str:
    if row.found.here:
        return "no registry has it"
    if not row.is_known:
        return "unknown"
    return row.newest[:_SHOWN] if row.is_newer else "none"


def _note(row: Row) -> str:
    name = _name(row.found)
    if row.why:
        return f"{row.of}: {row.why}"
    if row.found.here or (row.is_known and not row.is_newer):
        return ""
    said = (
        f"{name} is another one now, {row.newest}"
        if row.is_newer
        else f"which {name} was taken is not known to the host; now it is {row.newest}"
    )
    return "\n".join([f"{row.of}: {said}", *(f"  {line}" for line in _take(row))])


def _take(row: Row) -> Iterator[str]:
    name = _name(row.found)
    if row.key:
        yield f"pulumi config set --path {row.key} {name}@{row.newest} -s STACK"
    else:
        yield f"docker pull {name}"
        yield f"docker image rm --force {' '.join(row.built)}"
    yield "pulumi up -s STACK"


if __name__ == "__main__":
    main()
