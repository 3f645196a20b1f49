"""Which digest a registry has by a tag now: the Docker host's daemon asks, and pulls nothing."""

import http.client
import json
from typing import Any
from urllib.parse import quote

from docker import auth
from docker.errors import DockerException

from ..host.client import dialled
from .words import brief

_SECONDS = 60.0


class NotKnownError(Exception):
    """The registry, or the daemon, does not say; the text is its own."""


def digest_of(name: str, *, at: str) -> str:
    """The digest that a name with a tag has in its registry now.

    Who comes there is whom the docker client of this machine has a login for, or nobody.

    Args:
        name: the image's name with a tag, such as ``debian:trixie``.
        at: the address of the Docker host's daemon; "" for the docker client's default.

    Returns:
        What a pull would get: ``sha256:…``.

    Raises:
        NotKnownError: the registry can't be asked, refuses, or has no such tag.
    """
    # The docker client has no command for this call of the API (1.30).
    path = f"/distribution/{quote(name, safe='/:')}/json"
    try:
        with dialled(_SECONDS, at=at) as connection:
            asked = http.client.HTTPConnection("docker")
            asked.sock = connection
            asked.request("GET", path, headers=_login(name))
            answer = asked.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
    except (DockerException, OSError, ValueError, http.client.HTTPException) as error:
        raise NotKnownError(brief(str(error))) from None
    if answer.status != http.client.OK:
        raise NotKnownError(brief(str(said.get("message", ""))))
    return str(said["Descriptor"]["digest"])


def _login(name: str) -> dict[str, str]:
    registry, _ = auth.resolve_repository_name(name)
    found = auth.load_config().resolve_authconfig(registry)
    return {"X-Registry-Auth": auth.encode_header(found).decode()} if found else {}
