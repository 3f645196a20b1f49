"""What containers printed, shown without their secrets: these are learned before.

Of a container whose secrets can't be read, nothing is shown.
"""

import re
import tarfile
from collections.abc import Sequence

from ..inside import SECRETS
from ..place import DEPLOYMENT, LOOKING, ROLE, options
from ..step_secrets import hide_archive, masked
from .client import docker, inspect

LAST_LINES = 60
# The daemon keeps a long line as entries of 16 KB, and counts these.
_ENTRIES = 1000
# What daemons of all ages say of a container that has no such folder.
_NO_SECRETS = r"(?i)could not find the file|no such file or directory|no such container:path"
NOT_SHOWN = "(it is not shown: the secrets that may be in it can't be read)"
"""Stands for what a container printed, where nobody knows what of it is secret."""
_learned: set[str] = set()


def last_lines(container: str, *, since: str = "", until: str = "") -> str:
    """The last lines that a container printed.

    Args:
        container: the container's name or id.
        since: leave out what came before, as a time of the daemon's; "" leaves out nothing.
        until: leave out what came later, likewise.
    """
    if not learn(container):
        return NOT_SHOWN
    limit = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    done = docker("logs", "--tail", str(_ENTRIES), *limit, container)
    text = "\n".join([*_last(done.stdout), *_last(done.stderr)]).strip()
    return masked(text) or "(it printed nothing)"


def learn(container: str) -> bool:
    """Get to know a container's secrets, running or not, to show none of them from now on.

    Args:
        container: the container's name or id.

    Returns:
        False if they can't be read: then nothing of what it printed may be shown.
    """
    if container in _learned:
        return True
    done = docker("cp", f"{container}:{SECRETS}", "-")
    if done.returncode != 0:
        return bool(re.search(_NO_SECRETS, done.stderr.decode(errors="replace")))
    return _hide_archive(container, done.stdout)


def _hide_archive(of: str, archive: bytes) -> bool:
    try:
        hide_archive(archive)
    except tarfile.TarError:
        return False
    _learned.add(of)
    return True


def learn_mounted(mounts: Sequence[str], image: str) -> bool:
    """Get to know the secrets that a container has or is to get, to show none of them.

    Args:
        mounts: its mounts, as `docker run` takes them.
        image: its image.

    Returns:
        False if they can't be read: then nothing of what it prints may be shown.
    """
    secrets = [mount for mount in mounts if f"target={SECRETS}" in mount.split(",")]
    return all(_learn_mount(mount, image) for mount in secrets)


def _learn_mount(mount: str, image: str) -> bool:
    if mount in _learned:
        return True
    # One that is there already is asked first: a disk that is full allows no other.
    volume = dict(option.partition("=")[::2] for option in mount.split(",")).get("source", "")
    known = any(map(learn, _containers_with(volume))) or _learn_in_new(mount, image)
    if known:
        _learned.add(mount)
    return known


def _containers_with(volume: str) -> list[str]:
    said = docker("ps", "--all", "--quiet", "--filter", f"volume={volume}").stdout.decode()
    found = [(container, inspect(container)) for container in said.split()]
    return [
        container
        for container, state in found
        for mount in (state or {}).get("Mounts", ())
        if mount["Destination"] == SECRETS and volume in {mount.get("Name"), mount["Source"]}
    ]


def _learn_in_new(mount: str, image: str) -> bool:
    # One that is left behind, since this was killed, is found by its mark and removed.
    marks = options({DEPLOYMENT: "", ROLE: LOOKING})
    made = docker("create", "--network", "none", *marks, "--mount", mount, image, "true")
    if made.returncode != 0:
        return False
    container = made.stdout.decode().strip()
    known = learn(container)
    docker("rm", "--force", "--volumes", container)
    return known


def _last(said: bytes) -> list[str]:
    return said.decode(errors="replace").rstrip("\n").split("\n")[-LAST_LINES:]
