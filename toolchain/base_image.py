"""The image that releases are built on: a registry's, or one made from Debian's own packages."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import apt, paths
from .errors import ToolchainError
from .progress import Step
from .shell import answer, run
from .wording import typed

SUITE = "trixie"
BOOTSTRAPPED = f"{paths.PRODUCT}/base:{SUITE}"
REGISTRY_DEFAULT = "python:3.13-slim-trixie"
PACKAGES = ("python3", "python3-venv", "python3-pip", "ca-certificates")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# A registry that answers names the repository within a second or two; one that cannot be reached
# may take minutes to say so.
SECONDS_FOR_REGISTRY = 10.0
IMAGE_SETTINGS = (
    "ENV LANG=C.UTF-8",
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    f"LABEL {paths.PRODUCT}.role=base {paths.PRODUCT}.suite={SUITE}",
    'CMD ["python3"]',
)
# Left out: package indexes and archives, and what describes the machine that made the image.
NOT_IN_IMAGE = (
    "./var/cache/apt/archives/*.deb",
    "./var/cache/apt/*.bin",
    "./var/lib/apt/lists/*",
    "./var/log/*.log",
    "./etc/hostname",
    "./etc/resolv.conf",
)


def ensure(step: Step, env: Mapping[str, str], configured: str = "") -> None:
    """Sees to it that the image which the program will choose exists.

    `configured` is the stack's `image.base`: the program takes that one, and Docker gets it.
    """
    if configured:
        step.already(f"{configured} (image.base of this stack)")
        return
    for name in (BOOTSTRAPPED, REGISTRY_DEFAULT):
        if answer(["docker", "image", "inspect", "--format", "{{.Id}}", name], env=env)[0]:
            step.already(name)
            return
    if pull(step, env):
        step.done(f"{REGISTRY_DEFAULT}, pulled")
        return
    _check_can_bootstrap(env)
    step.say(f"No registry answers for {REGISTRY_DEFAULT}: making an image from Debian's packages")
    bootstrap(step, env)
    step.done(f"{BOOTSTRAPPED}, made with debootstrap")


def pull(step: Step, env: Mapping[str, str], seconds: float = SECONDS_FOR_REGISTRY) -> bool:
    """Pulls the default image; False if no registry answers within `seconds`."""
    step.update(f"asking for {REGISTRY_DEFAULT}")
    command = ["docker", "pull", REGISTRY_DEFAULT]
    try:
        run(command, on_line=step.update, env=env, first_line_within=seconds)
    except ToolchainError:
        return False
    return True


# Not image.base: the edge and the database are built on this one whatever that says.
_TAG = (
    f"  docker pull MIRROR/{REGISTRY_DEFAULT}\n"
    f"  docker tag MIRROR/{REGISTRY_DEFAULT} {REGISTRY_DEFAULT}"
)


def _check_can_bootstrap(env: Mapping[str, str]) -> None:
    problem = f"no registry answers for {REGISTRY_DEFAULT}, and"
    here, there = _kinds(env)
    if there and here != there:
        raise ToolchainError(
            f"{problem} an image made of this machine's packages ({here}) can't run on the Docker "
            f"host ({there})",
            f"Make it there, in a checkout on that host:  sudo {typed('base')}\n"
            f"Or give it the name of one that your Docker can get:\n{_TAG}",
        )
    if not apt.available() and not shutil.which("debootstrap"):
        raise ToolchainError(
            f"{problem} this machine is not a Debian that could make one from its packages",
            f"Give it the name of one that your Docker can get:\n{_TAG}",
        )
    if not apt.is_root():
        raise ToolchainError(
            f"{problem} only root can make one from Debian's packages",
            f"Make it once as root, then go on as you are:  sudo {typed('base')}\n"
            f"Or give it the name of one that your Docker can get:\n{_TAG}",
        )


def _kinds(env: Mapping[str, str]) -> tuple[str, str]:
    """The kind of this machine's processors, and of the Docker host's; "" if it doesn't say."""
    known, there = answer(["docker", "version", "--format", "{{.Server.Arch}}"], env=env)
    here: str = paths.program("host.architecture").as_in_images(platform.machine())
    return here, there if known else ""


def bootstrap(step: Step, env: Mapping[str, str]) -> None:
    """Makes the image from Debian's packages, from the mirror that this machine uses."""
    if not shutil.which("debootstrap"):
        step.say("Installing debootstrap with apt-get")
        apt.refresh(step)
        apt.install(["debootstrap", "debian-archive-keyring"], step)
    with _work_folder(env, step) as root:
        _debootstrap(root, step)
        _update(root, step)
        _import(root, step, env)


@contextmanager
def _work_folder(env: Mapping[str, str], step: Step) -> Iterator[Path]:
    """An empty folder, alone in it, removed again however this ends."""
    cache = paths.cache_dir(env)
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "base.lock").open("w") as lock:
        step.update("waiting for another `make` that is doing the same")
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / "base-image"
        _remove(folder)  # what a killed run may have left
        folder.mkdir(mode=0o755)
        try:
            yield folder
        finally:
            step.update("cleaning up")
            _remove(folder)


def _remove(folder: Path) -> None:
    """Removes `folder`, after unmounting what debootstrap has mounted in it."""
    mounted = [path for path in _mounts() if path.startswith(f"{folder}/")]
    for path in sorted(mounted, reverse=True):
        run(["umount", path])
    if folder.exists():
        shutil.rmtree(folder)


def _mounts() -> list[str]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [line.split()[1].encode().decode("unicode_escape") for line in lines]


def debootstrap_command(
    root: Path, sources: list[apt.Source], codename: str, default_keyring: Path = KEYRING
) -> list[str]:
    """The command that fills `root`, using the mirror and key that serve this machine's `codename`.

    Where the machine's own sources are not Debian's, debootstrap's default mirror is left to it.
    """
    mirror = apt.find_suite(sources, SUITE) or apt.find_suite(sources, codename)
    keyring = Path(mirror.signed_by) if mirror and mirror.signed_by.endswith(".gpg") else None
    if keyring is None or not keyring.is_file():
        keyring = default_keyring
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [f"--keyring={keyring}"] if keyring.is_file() else []
    command += [SUITE, str(root)]
    return [*command, mirror.uri] if mirror else command


def _debian_codename() -> str:
    release = apt.ETC / "os-release"
    facts = apt.os_release(release.read_text()) if release.is_file() else {}
    return facts.get("VERSION_CODENAME", "") if facts.get("ID") == "debian" else ""


def _debootstrap(root: Path, step: Step) -> None:
    command = debootstrap_command(root, apt.machine_sources(), _debian_codename())
    run(
        command,
        on_line=step.update,
        remedy="debootstrap needs a Debian mirror that this machine's apt can reach, and a folder\n"
        f"on a file system without nodev and noexec (now {root.parent}; XDG_CACHE_HOME moves it).",
    )


def _update(root: Path, step: Step) -> None:
    """Adds the sources of updates that this machine has, and installs what they hold."""
    listing = root / "etc" / "apt" / "sources.list"
    basic = listing.read_text()
    mirror = basic.split()[1]
    codename = _debian_codename()
    security = apt.find_suite(apt.machine_sources(), f"{codename}-security")
    lines = [basic.strip(), f"deb {mirror} {SUITE}-updates main"]
    lines += [f"deb {security.uri} {SUITE}-security main"] if security else []
    listing.write_text("\n".join(lines) + "\n")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        run(["chroot", root, "apt-get", "update"], on_line=step.update, env=env)
        run(["chroot", root, "apt-get", "--yes", "upgrade"], on_line=step.update, env=env)
    except ToolchainError as error:
        listing.write_text(basic)
        step.say(f"Without updates beyond the release: {(error.output or ('?',))[-1]}")


def _import(root: Path, step: Step, env: Mapping[str, str]) -> None:
    step.update(f"importing {BOOTSTRAPPED}")
    exclude = [f"--exclude={pattern}" for pattern in NOT_IN_IMAGE]
    changes = [part for change in IMAGE_SETTINGS for part in ("--change", change)]
    tar = ["tar", "--one-file-system", *exclude, "-C", str(root), "-c", "."]
    run(["docker", "import", *changes, "-", BOOTSTRAPPED], env=env, fed_by=tar)
