"""Secrets: files in a folder become environment variables of the same name.

The file wins over a variable that is set already: secrets are handed over by the deployment, and
what an image or a project's `.env` presets must not shadow them.
"""

import os
import pwd
import re
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

from .errors import DeployError
from .masking import mask
from .places import SECRETS

# Projects made from common templates read the key under the second name.
_ALIASES = {"SECRET_KEY": "DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY": "SECRET_KEY"}

EARLIER_SECRET_KEY = "DEPLOY_SECRET_KEY_FALLBACK_"
"""What the variables of earlier values of SECRET_KEY begin with; then comes a number."""

DIRECT_URL = "DEPLOY_DATABASE_DIRECT_URL"
"""The variable of the server's own address, where DATABASE_URL is a pooler's."""
POOLED_URL = "DEPLOY_DATABASE_POOLED_URL"
"""The variable of the pooler's, for those that go to the server itself."""
_DIRECTLY = "DEPLOY_DATABASE_DIRECTLY"

_taken: set[str] = set()

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def load(environ: MutableMapping[str, str] = os.environ) -> tuple[str, ...]:
    """Take over the secrets into the environment; return the names of those taken.

    The folder is DEPLOY_SECRETS_DIR, /run/secrets by default; a missing one is an empty one.
    Files whose name is no variable's name are left alone.

    Raises:
        DeployError: a secret can't be read.
    """
    folder = Path(environ.get("DEPLOY_SECRETS_DIR") or SECRETS)
    names = []
    for path in _files(folder):
        environ[path.name] = value = _read(path)
        names.append(path.name)
        _taken.add(value)
    _taken.update(_further(folder))
    for name, alias in _ALIASES.items():
        if name in environ:
            environ.setdefault(alias, environ[name])
    direct = environ.get(DIRECT_URL) if environ.get(_DIRECTLY) else None
    if direct and environ.get("DATABASE_URL") != direct:
        environ[POOLED_URL] = environ.get("DATABASE_URL", "")
        environ["DATABASE_URL"] = direct
    return tuple(names)


def go_direct(environ: MutableMapping[str, str] = os.environ) -> None:
    """Have DATABASE_URL be the server's own address, here and in processes that are started here.

    To be called before Django is set up, by whatever is no server for visitors.
    """
    environ[_DIRECTLY] = "true"


def masked(text: str) -> str:
    """A text without the secrets that were taken over, should a project's code print one."""
    return mask(text, _taken)


def _further(folder: Path) -> Iterator[str]:
    """What else is there: no variables, but secrets all the same."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                yield text
                # Of a file of settings, such as one in INI or YAML, each value is a secret.
                for line in text.splitlines():
                    yield re.split(r"[=:]\s*", line, maxsplit=1)[-1].strip(" \"',;")


def _files(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise DeployError(_unreadable("folder of secrets", folder, error)) from None
    for path in paths:
        if _NAME.fullmatch(path.name) and not path.is_dir():
            yield path


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DeployError(f"the secret {path} is not UTF-8 text") from None
    except OSError as error:
        raise DeployError(_unreadable("secret", path, error)) from None
    if "\0" in text:
        raise DeployError(f"the secret {path} holds a null character")
    # Editors and `echo` end a file with a line break that is no part of the secret.
    return text.removesuffix("\n").removesuffix("\r")


def _unreadable(what: str, path: Path, error: OSError) -> str:
    return (
        f"the {what} {path} can't be read: {error.strerror}. {ownership(path)}. "
        f"Let it be read by this process: chown {os.geteuid()} {path}"
    )


def ownership(path: Path) -> str:
    """Who owns a path, with which permissions, and as whom this process runs."""
    try:
        stat = path.stat()
    except OSError:
        return f"This process runs as uid {os.geteuid()}, which can't even look at it"
    mode = f"{stat.st_mode & 0o777:04o}"
    owner = f"uid {stat.st_uid}{_user(stat.st_uid)}, gid {stat.st_gid}"
    return f"It belongs to {owner}, mode {mode}; this process runs as uid {os.geteuid()}"


def _user(uid: int) -> str:
    try:
        return f" ({pwd.getpwuid(uid).pw_name})"
    except KeyError:
        return ""
