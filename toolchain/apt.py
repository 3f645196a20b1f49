"""Debian's package manager: what this machine is, what its sources say, installing packages."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .progress import Step
from .shell import answer, run

ETC = Path("/etc")


@dataclass(frozen=True)
class Source:
    """One place that apt gets packages from."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


def is_root() -> bool:
    """Whether this process may install packages and start daemons."""
    return os.geteuid() == 0


def available() -> bool:
    """Whether this is Debian or one of its kin, Ubuntu for one."""
    return shutil.which("apt-get") is not None


def os_release(text: str) -> dict[str, str]:
    """The variables of /etc/os-release."""
    pairs = re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE)
    return {name: value.strip().strip("\"'") for name, value in pairs}


def parse_deb822(text: str) -> list[Source]:
    """Sources in the format of `*.sources` files, without disabled ones and source code."""
    sources = []
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): " ".join(value.split())
            for name, value in re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
        signed_by = fields.get("signed-by", "")
        for uri in fields.get("uris", "").split():
            sources.append(Source(uri, tuple(suites), tuple(components), signed_by))
    return sources


def parse_one_line(text: str) -> list[Source]:
    """Sources in the format of `sources.list`."""
    sources = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)", line)
        if match:
            options, uri, suite, components = match.groups(default="")
            signed_by = re.search(r"signed-by=(\S+)", options, re.IGNORECASE)
            path = signed_by.group(1) if signed_by else ""
            sources.append(Source(uri, (suite,), tuple(components.split()), path))
    return sources


def machine_sources(etc: Path = ETC) -> list[Source]:
    """What this machine's apt is configured with."""
    folder = etc / "apt" / "sources.list.d"
    sources: list[Source] = []
    for path in [etc / "apt" / "sources.list", *sorted(folder.glob("*"))]:
        if path.is_file() and path.suffix in {".list", ".sources"}:
            parse = parse_deb822 if path.suffix == ".sources" else parse_one_line
            sources += parse(path.read_text(errors="replace"))
    return sources


def find_suite(sources: Iterable[Source], suite: str) -> Source | None:
    """The first source over http(s) or from a folder that serves `suite`'s `main` component."""
    for source in sources:
        usable = source.uri.startswith(("http://", "https://", "file:"))
        if usable and suite in source.suites and "main" in source.components:
            return source
    return None


def has_package(name: str) -> bool:
    """Whether apt's lists, as they are now, have `name`."""
    _, text = answer(["apt-cache", "policy", name])
    return re.search(r"Candidate: (?!\(none\))\S", text) is not None


def refresh(step: Step) -> None:
    """Fetches apt's lists; a bare machine has none."""
    run(
        ["apt-get", "update"],
        on_line=step.update,
        patient=True,
        remedy="apt cannot reach its sources: see /etc/apt/sources.list and sources.list.d.",
    )


def install(packages: Sequence[str], step: Step) -> None:
    """Installs `packages` without what they merely recommend. Only root may."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # An installation that was cut off earlier would make apt-get refuse.
    run(["dpkg", "--configure", "-a"], on_line=step.update, env=env, patient=True)
    run(
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
        on_line=step.update,
        env=env,
        patient=True,
        what=f"apt-get install {' '.join(packages)}",
    )
