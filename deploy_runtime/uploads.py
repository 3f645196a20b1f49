"""Which file of MEDIA_ROOT a path means, and whether it may be served: the resolved path decides.

A link in media may lead to a secret, and a private folder may be reached by another name. So the
file is opened first, and then the system is asked where it is: nothing can be put in its place
between the look and the use.
"""

import json
import os
import posixpath
import stat
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import BinaryIO, cast

from .errors import DeployError

VARIABLE = "DEPLOY_PRIVATE_MEDIA"


class NotServedError(Exception):
    """There is no such file, or it is nobody's business."""


def private_folders(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The folders below MEDIA_ROOT that are never served, as the variable names them in JSON.

    Raises:
        DeployError: they can't be read; nothing is served then.
    """
    text = environ.get(VARIABLE) or "[]"
    with suppress(ValueError):
        folders = json.loads(text)
        if isinstance(folders, list) and all(isinstance(folder, str) for folder in folders):
            return tuple(folders)
    raise DeployError(f'{VARIABLE} is {text!r}: it has to be a list in JSON, such as ["documents"]')


def open_upload(root: str, path: str, private: Collection[str]) -> BinaryIO:
    """Open an uploaded file.

    Args:
        root: the folder of uploads.
        path: what is asked for, relative to it.
        private: folders below it that are not served.

    Raises:
        NotServedError: there is no such file, it lies outside of the folder, or in a private one.
    """
    asked = posixpath.normpath(f"/{path}").lstrip("/")
    try:
        file = cast(BinaryIO, open(os.path.join(root, asked), "rb", opener=_opened))  # noqa: PTH118, SIM115
    except (OSError, ValueError) as error:
        raise NotServedError(path) from error
    try:
        found = _place(file, root)
        if _is_private(asked, root, private) or _is_private(found, root, private):
            raise NotServedError(path)
    except BaseException:
        file.close()
        raise
    return file


def _opened(path: str, flags: int) -> int:
    # A pipe in the folder must not keep a thread waiting.
    return os.open(path, flags | os.O_NONBLOCK)


def _place(file: BinaryIO, root: str) -> str:
    """Where an open file is, relative to the folder."""
    try:
        place = os.readlink(f"/proc/self/fd/{file.fileno()}")  # noqa: PTH115 - a string
    except OSError as error:
        raise NotServedError(root) from error
    real = os.path.realpath(root)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) or not place.startswith(f"{real}/"):
        raise NotServedError(place)
    return place.removeprefix(f"{real}/")


def _is_private(path: str, root: str, private: Collection[str]) -> bool:
    spelled = f"{_spelling(path)}/"
    return any(spelled.startswith(name) for name in _names(root, private))


def _names(root: str, private: Collection[str]) -> set[str]:
    """The private folders by the name that they have, and by where that leads."""
    names = {_spelling(folder) for folder in private}
    for folder in private:
        real = os.path.realpath(os.path.join(root, folder.lstrip("/")))  # noqa: PTH118
        relative = os.path.relpath(real, os.path.realpath(root))
        if not relative.startswith(".."):
            names.add(_spelling(relative))
    # Nothing is left of a name for the folder itself: then all is private.
    return {f"{name}/" if name else "" for name in names}


def _spelling(path: str) -> str:
    # On a host's folder whose names have no case, or compose their letters, all of these are one.
    plain = posixpath.normpath(f"/{path.strip()}").lstrip("/")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).casefold())
