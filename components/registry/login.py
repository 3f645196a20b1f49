"""The docker client with a registry's credentials, which are on no disk and on no command line.

What the client keeps of a login is a file with the password, if only in another spelling. So it is
not logged in: it asks a helper for the credentials, as its own protocol has it, and the helper has
them from the client's environment. The file that names the helper holds no secret.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any

from ..host import client

Docker = Callable[..., "CompletedProcess[bytes]"]

_HELPER = "django-on-docker"
_VARIABLE = "DEPLOY_REGISTRY_LOGIN"
_SCRIPT = f"""\
#!/bin/sh
cat > /dev/null
[ "$1" != get ] || printf %s "${_VARIABLE}"
"""


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who comes to a registry.

    Attributes:
        user: its user; "" leaves it to the docker client's own logins.
        password: the user's password, or a token.
    """

    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, text: str) -> "Login":
        """What `written` wrote."""
        return cls(**json.loads(text or "{}"))

    @property
    def written(self) -> str:
        """It as a text, for standard input."""
        return json.dumps({"user": self.user, "password": self.password})


@contextmanager
def logged_in(login: Login) -> Iterator[Docker]:
    """The docker client, as `client.docker`, with these credentials for whatever it comes to.

    Args:
        login: them; without a user it is the client as it is.
    """
    if not login.user:
        yield client.docker
        return
    with TemporaryDirectory(prefix="registry-") as name:
        folder = Path(name)
        _prepare(folder)
        reply = {"ServerURL": "", "Username": login.user, "Secret": login.password}
        path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        also = {_VARIABLE: json.dumps(reply), "PATH": path}

        def run(*words: str, **options: Any) -> "CompletedProcess[bytes]":
            return client.docker("--config", name, *words, also=also, **options)

        yield run


def asked(login: Login, *words: str, seconds: float, **options: Any) -> tuple[str, bytes]:
    """What the docker client says of a failure, "" where there is none; and what it printed.

    Args:
        login: who comes to the registry.
        words: the client's words.
        seconds: how long it may take.
        options: further ones of `client.docker`.
    """
    with logged_in(login) as docker:
        try:
            done = docker(*words, timeout=seconds, **options)
        except TimeoutExpired:
            return f"it did not end within {seconds:.0f} s", b""
    return done.stderr.decode(errors="replace") if done.returncode else "", done.stdout


def _prepare(folder: Path) -> None:
    helper = folder / f"docker-credential-{_HELPER}"
    helper.write_text(_SCRIPT, encoding="utf-8")
    helper.chmod(0o700)
    # Which daemon is meant is the client's own choice where nobody says more.
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    config = {"credsStore": _HELPER, **_context(own / "config.json")}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if (own / "contexts").is_dir():
        (folder / "contexts").symlink_to((own / "contexts").resolve())


def _context(file: Path) -> dict[str, str]:
    try:
        chosen = json.loads(file.read_text(encoding="utf-8")).get("currentContext", "")
    except (OSError, ValueError, AttributeError):
        return {}
    return {"currentContext": str(chosen)} if chosen else {}
