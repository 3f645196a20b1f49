"""Paths in config, in their one spelling, or refused. Pure: nothing is looked up on the host."""

import csv
import io
import posixpath
import re
import unicodedata
from pathlib import PurePosixPath

from ..inside import (
    ASSETS,
    BACKUPS,
    DATA,
    DEPENDENCIES,
    LEDGER,
    MEDIA,
    RUNTIME,
    SECRETS,
    STATIC,
)

TAKEN_FOLDERS = {
    STATIC: (
        "where the image's static files are. A volume is filled from the image only while it is "
        "empty: it would hide the files of every later release. Mount it elsewhere; to collect "
        "outside the build choose another strategy, whose volume belongs to the release"
    ),
    DATA: "where the database is: name its volume in database.volume",
    MEDIA: "where uploaded files are: name their volume in media.volume",
    LEDGER: "where the ledger is",
    BACKUPS: "where the database's copies are",
    ASSETS: "where the last releases' static files are",
    SECRETS: "where the secrets are",
    DEPENDENCIES: "where the release's dependencies are",
    RUNTIME: "where the runtime is",
}
"""Folders of the containers that no volume of the user's may cover, and why."""

_GIVEN = "all that is in it would be given to the user that the application runs as"

# Folders of a host, with all that is in them.
_SYSTEM = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run",
    "/sbin", "/sys", "/usr", "/var/lib/containerd", "/var/lib/docker", "/var/run",
)  # fmt: skip
# Folders that others share: what is made in them for the site is welcome, they themselves are not.
_SHARED = (
    "/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/Users", "/var", "/var/cache",
    "/var/lib", "/var/log", "/var/spool", "/var/tmp",
)  # fmt: skip
_HOME = re.compile(r"/(home|Users)/[^/]+")
# Such as .ssh, right below a home.
_HIDDEN = re.compile(r"(/root|/(home|Users)/[^/]+)/\.[^/]+(/.*)?")
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")


def inside(value: str, where: str) -> str:
    """A path below a folder, in its one spelling; "" stays empty, and so is the folder itself.

    Args:
        value: the path as it was written.
        where: what the folder is, for the error.

    Raises:
        ValueError: it leads out of the folder, or is no plain path.
    """
    if value.startswith("/") or ".." in value.split("/"):
        raise ValueError(f"must be a path inside {where}, without a leading / and without ..")
    if value.startswith("-") or not is_printable(value):
        raise ValueError(f"must be a path inside {where}, with no - first and without line breaks")
    plain = posixpath.normpath(value) if value else ""
    return "" if plain == "." else plain


def media_folder(value: str) -> str:
    """A folder below MEDIA_ROOT, in the spelling in which requests are compared with it.

    Raises:
        ValueError: it is not below MEDIA_ROOT.
    """
    folder = unicodedata.normalize("NFC", inside(value, "MEDIA_ROOT"))
    if not folder or folder != folder.strip():
        raise ValueError(
            "must be a folder below MEDIA_ROOT, without spaces around it; to serve no upload at "
            "all, set media.serve to false"
        )
    return folder


def source(value: str) -> str:
    """A volume by name, or a folder of the host by its absolute path; "" stays empty.

    Raises:
        ValueError: it is neither, or a folder that the application must not get.
    """
    if not value:
        return value
    if not value.startswith("/"):
        if not _VOLUME.fullmatch(value):
            raise ValueError(
                "must be a volume's name (letters, digits, _ . -), or an absolute folder of the "
                "host"
            )
        return value
    folder = _absolute(value)
    problem = refused(folder)
    if problem:
        raise ValueError(problem)
    return folder


def refused(folder: str) -> str:
    """Why an absolute folder of the host is given to no application; "" if it may be."""
    for system in _SYSTEM:
        if folder == system or folder.startswith(f"{system}/"):
            return f"is the host's own, below {system}: {_GIVEN}"
    if folder in _SHARED or _HOME.fullmatch(folder):
        return f"is shared with others: {_GIVEN}; name a folder in it that is the site's alone"
    if _HIDDEN.fullmatch(folder):
        return f"holds a user's own settings or keys: {_GIVEN}"
    if folder.endswith(".sock"):
        return "is a socket: who may use the daemon's is root on the host"
    return ""


def contains(folder: str, path: str) -> bool:
    """Is an absolute path a folder, or in it?"""
    return PurePosixPath(path).is_relative_to(folder)


def target(path: str) -> str:
    """A folder in the container for a volume.

    Raises:
        ValueError: it is no plain path, or covers what the program keeps there.
    """
    folder = _absolute(path)
    if contains(folder, "/app"):
        raise ValueError("covers /app, where the release's source is")
    for taken, reason in TAKEN_FOLDERS.items():
        if contains(folder, taken) or contains(taken, folder):
            raise ValueError(f"covers {taken}, {reason}")
    return folder


def is_printable(text: str) -> bool:
    """A text without line breaks and other control characters, that can be written as UTF-8."""
    return text.isprintable() or not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, text))


def mount_words(kind: str, source: str, target: str) -> str:
    """A mount as `docker run --mount` takes it: fields of CSV, so that a comma stays in its path.

    Args:
        kind: "volume" or "bind".
        source: the volume's name, or the folder's absolute path.
        target: where it appears in the container.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(
        [f"type={kind}", f"source={source}", f"target={target}"]
    )
    return line.getvalue()


def _absolute(value: str) -> str:
    plain = value.rstrip("/") or "/"
    if not value.startswith("/") or posixpath.normpath(plain) != plain or not is_printable(value):
        raise ValueError(
            "must be a plain absolute path, without . or .. in it, doubled slashes or line breaks"
        )
    return plain
