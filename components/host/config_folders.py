"""Folders of the host that config names: is each one there, and may the application have it?"""

import pwd
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

from ..config import paths

_GIVEN = "all that is in it would be given to the user that the application runs as"


class Host(Protocol):
    """What is asked of the Docker host."""

    @property
    def is_local(self) -> bool:
        """The daemon runs on this machine."""
        ...

    @property
    def own_folders(self) -> Collection[str]:
        """The folders of the daemon itself: of its data, and of its socket."""
        ...


def problems(host: Host, key: str, folder: str) -> Iterator[str]:
    """One line for what is wrong with a folder, and what resolves it.

    What a link leads to, and whose a folder is, can be looked up on this machine alone.

    Args:
        host: the Docker host.
        key: the config key that names it.
        folder: its absolute path, in its one spelling.
    """
    found = Path(folder)
    if host.is_local and not found.is_dir():
        what = "is no folder" if found.exists() else "there is no folder"
        yield f"{key}: {what} {folder} on the host: name one that is there, or a volume"
        return
    real = str(found.resolve()) if host.is_local else folder
    problem = paths.refused(real) or _problem(host, real)
    if problem:
        leads = f", which is {real}," if real != folder else ""
        yield (
            f"{key}: {folder}{leads} {problem}. Name a folder that is the site's alone, or a volume"
        )


def _problem(host: Host, folder: str) -> str:
    for own in host.own_folders:
        if paths.contains(folder, own) or paths.contains(own, folder):
            return f"is the Docker daemon's own ({own}): {_GIVEN}"
    if not host.is_local:
        return ""
    for home in {Path.home(), *(Path(user.pw_dir) for user in pwd.getpwall())}:
        if len(home.parts) > 1 and paths.contains(folder, str(home)):
            return f"holds a user's home folder, {home}: {_GIVEN}"
    if paths.contains(folder, str(Path.cwd())):
        return f"holds this program's own folder, {Path.cwd()}: {_GIVEN}"
    return ""
