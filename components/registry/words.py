"""What is said of a registry that did not do what was asked: its own words, and what mends it."""

import re
from collections.abc import Sequence

from ..own_commands import INSTALLED, typed
from ..remedies import remedies

CERTIFICATES = "/etc/docker/certs.d"
"""Where a Docker daemon looks for the authority of a registry, each time that it comes there."""

_BEGINS = re.compile(r"^(?:error )?(?:response from daemon|failed to \w+ \w+): ", re.IGNORECASE)


def brief(said: str) -> str:
    """The last line of what the docker client said, which is its error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return _BEGINS.sub("", lines[-1]) if lines else "it said nothing"


def ways_out(said: str, *, name: str, user: str) -> list[str]:
    """What to do about a registry; what fits best, and where nothing is known, what to look at.

    Args:
        said: what the docker client said of it.
        name: the image's name, with the registry's host.
        user: who came there; "" if config names nobody.
    """
    host = name.partition("/")[0]
    known = {
        "host": host,
        "name": name,
        "user": f"registry.user is {user}" if user else "registry.user is not set",
        "folder": f"{CERTIFICATES}/{host}",
        "server": _place_authority(host),
    }
    return [*remedies(said, "registry", **known)][:1]


def problem(doing: str, said: str, ways: Sequence[str]) -> str:
    """A failed step's error.

    Args:
        doing: what it was doing.
        said: what the docker client said.
        ways: what to do about it.
    """
    mends = [f"What to do: {way}" for way in ways]
    return "\n".join([f"{doing}: {brief(said)}", *mends])


def _place_authority(registry: str) -> str:
    """The command that has a server's Docker know a registry's authority."""
    if INSTALLED:
        return f"{typed('server')} ssh://root@HOST --registry {registry} --ca FILE"
    return f"{typed('server')} HOST=ssh://root@HOST REGISTRY={registry} CA=FILE"
