"""The address of a Docker daemon, as the key `host` and ssh take it. Pure: nobody is asked."""

import re
from dataclasses import dataclass

_SSH_SAYS = "must be ssh://USER@HOST, with :PORT where ssh has another port than 22"
_ELSE = "or unix:///PATH of a socket on this machine; empty is the docker client's own choice"
# None begins with a dash: ssh would take it for an option.
_SSH = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z_][A-Za-z0-9_.-]*)@)?"
    r"(?:(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)|\[(?P<ipv6>[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
_PASSWORD = re.compile(r"ssh://[^/@]*:.*@")
_SOCKET = re.compile(r"unix://(/[\w.@+-]+)+")


@dataclass(frozen=True, kw_only=True)
class SshAddress:
    """Where ssh leads to a Docker daemon.

    Attributes:
        user: who logs in; "" leaves it to ssh.
        name: the host's, spelled as somebody wrote it: an alias in ~/.ssh/config may have capitals.
        port: ssh's; 0 leaves it to ssh.
    """

    user: str
    name: str
    port: int

    @classmethod
    def of(cls, address: str) -> "SshAddress":
        """Read an address such as ``ssh://deploy@web1.example.org:2222``.

        Raises:
            ValueError: it is none; what is allowed is said, and a password is not shown.
        """
        if _PASSWORD.match(address):
            raise ValueError(f"{_SSH_SAYS}; ssh takes no password from there: give it a key")
        found = _SSH.fullmatch(address)
        port = int(found["port"] or 0) if found else 0
        if not found or port > 65535:
            raise ValueError(_SSH_SAYS)
        return cls(user=found["user"] or "", name=found["name"] or found["ipv6"], port=port)

    @property
    def login(self) -> str:
        """User and host, as ssh takes them."""
        return f"{self.user}@{self.name}" if self.user else self.name

    def __str__(self) -> str:
        """The address, in its one spelling."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        user, port = f"{self.user}@" if self.user else "", f":{self.port}" if self.port else ""
        return f"ssh://{user}{name}{port}"


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
            f"{_SSH_SAYS}, {_ELSE}. Over tcp:// whoever reaches the port is root on that host; "
            "with keys of its own it is a docker context's, which `docker context use` chooses"
        )
    try:
        return str(SshAddress.of(value))
    except ValueError as error:
        raise ValueError(f"{error}, {_ELSE}") from None
