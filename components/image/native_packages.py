"""What requirements need of Debian: known from their names, before anything is built.

Most packages come compiled. These are built where they are installed, which takes a compiler and
headers, and load libraries of the system where they run.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .project import Project

_C = ("gcc", "libc6-dev", "python3-dev")


@dataclass(frozen=True, kw_only=True)
class Native:
    """Debian packages for something that is required.

    Attributes:
        build: what building it needs.
        run: what running it needs.
    """

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


_POSTGRES = Native(build=(*_C, "libpq-dev"), run=("libpq5",))

KNOWN: Mapping[str, Native] = {
    "psycopg-c": _POSTGRES,
    "psycopg2": _POSTGRES,
    "mysqlclient": Native(
        build=(*_C, "pkg-config", "default-libmysqlclient-dev"), run=("libmariadb3",)
    ),
    "uwsgi": Native(build=_C),
    "python-ldap": Native(build=(*_C, "libldap-dev", "libsasl2-dev"), run=("libldap2",)),
    "pycairo": Native(build=(*_C, "pkg-config", "libcairo2-dev"), run=("libcairo2",)),
    "pylibmc": Native(build=(*_C, "libmemcached-dev", "zlib1g-dev"), run=("libmemcached11t64",)),
    "python-magic": Native(run=("libmagic1t64",)),
    "weasyprint": Native(run=("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")),
    "git+": Native(build=("git", "ca-certificates")),
}
"""By the name of a distribution, in lower case; "git+" is whatever comes from a repository."""

_REQUIRED = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The Debian packages of a project's requirements.

    Attributes:
        build: what building them needs, sorted.
        run: what running them needs, sorted.
        of: the requirements that need them.
    """

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    of: tuple[str, ...] = ()


def needs(project: Project) -> Needs:
    """What a project's requirements need, as far as they are known."""
    named = required_names(project)
    found = [KNOWN[name] for name in named if name in KNOWN]
    return Needs(
        build=tuple(sorted({package for native in found for package in native.build})),
        run=tuple(sorted({package for native in found for package in native.run})),
        of=tuple(sorted(named & set(KNOWN))),
    )


def required_names(project: Project) -> set[str]:
    """The distributions that a project requires or locks, by their normal names."""
    return set(_names(project))


def _names(project: Project) -> Iterator[str]:
    if not project.requirements:
        return
    files = project.dependency_files
    first = Path(project.requirements)
    given = [Path(file) for file in files] if files else [first]
    lock = _lock(project.root, first.parent) if first.name == "pyproject.toml" else None
    for file in (*given, *([lock] if lock and lock not in given else ())):
        text = (project.root / file).read_text(encoding="utf-8", errors="replace")
        if file.name == "uv.lock":
            yield from _locked(tomllib.loads(text))
        elif file.name == "pyproject.toml":
            yield from _required(tomllib.loads(text).get("project", {}).get("dependencies", ()))
        else:
            yield from _required(text.splitlines())


def _lock(root: Path, folder: Path) -> Path | None:
    candidates = [folder / "uv.lock", *(parent / "uv.lock" for parent in folder.parents)]
    return next((path for path in candidates if (root / path).is_file()), None)


def _required(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "git+" in line.partition(" #")[0] and not line.lstrip().startswith("#"):
            yield "git+"
        found = _REQUIRED.match(line)
        if found:
            name = _normal(found[1])
            yield name
            # An extra of this kind is a distribution of its own: psycopg[c] is psycopg-c.
            extras = (found[2] or "").split(",")
            yield from (f"{name}-{_normal(extra.strip())}" for extra in extras if extra.strip())


def _locked(lock: Mapping[str, object]) -> Iterator[str]:
    packages = lock.get("package")
    for package in packages if isinstance(packages, list) else ():
        yield _normal(str(package.get("name", "")))
        if "git" in package.get("source", {}):
            yield "git+"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
