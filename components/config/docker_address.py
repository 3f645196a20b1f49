"""The address of a Docker daemon, as the key `host` says it. Pure: nobody is asked."""

import re
from urllib.parse import urlsplit

_SAYS = (
    "must be ssh://USER@HOST, with :PORT where ssh has another port than 22, or unix:///PATH of a "
    "socket on this machine; empty is the docker client's own choice"
)
# None begins with a dash: ssh would take it for an option.
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*)|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_SOCKET = re.compile(r"unix://(/[\w.@+-]+)+")


def docker_address(value: str) -> str:
    """An address, in its one spelling.

    Args:
        value: as somebody wrote it; "" stays empty.

    Raises:
        ValueError: saying what is allowed. A password in it is not shown.
    """
    if not value or _SOCKET.fullmatch(value):
        return value
    if value.startswith("tcp://"):
        raise ValueError(
            f"{_SAYS}. Over tcp:// whoever reaches the port is root on that host; with keys of its "
            "own it is a docker context's, which `docker context use` chooses"
        )
    try:
        parts = urlsplit(value)
        user, name, port = parts.username, parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_SAYS) from None
    if parts.password:
        raise ValueError(f"{_SAYS}; ssh takes no password from there: give it a key")
    if parts.scheme != "ssh" or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_SAYS)
    if (user is not None and not _USER.fullmatch(user)) or not _HOST.fullmatch(name):
        raise ValueError(_SAYS)
    shown = f"[{name}]" if ":" in name else name
    return f"ssh://{f'{user}@' if user else ''}{shown}{f':{port}' if port else ''}"
