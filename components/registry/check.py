"""What can be known of a registry before anything is changed: the Docker host asks it for real."""

from collections.abc import Sequence

from deploy_runtime.masking import mask

from ..errors import UserError
from ..image_reference import Reference, host_of
from .login import Login, asked
from .words import brief, ways_out

_SECONDS = 30.0
_LOST = "no such manifest"


def check(login: Login, *, name: str, wants: Reference | None, at: str) -> None:
    """Refuse a registry that doesn't let its user in, or has not what is asked for.

    Without a user nothing is asked: what a registry says then may mean anything.

    Args:
        login: who comes there.
        name: an image's name in it.
        wants: the release that it has to have; None if one is to be pushed.
        at: the address of the Docker host's daemon; "" for the docker client's own choice.

    Raises:
        UserError: naming the key, and what to do.
    """
    if not login.user:
        return
    host = host_of(name)
    words = ("login", host, "--username", login.user, "--password-stdin")
    said = _asked(login, words, at=at, stdin=login.password.encode())
    if said:
        keys = "registry.image" if wants is None else "releases.image"
        raise _refused(f"the registry at {host} ({keys}) can't be used", said, name, login)
    if wants is None:
        return
    # This machine asks, which need not get there: nothing but this one answer is believed.
    said = _asked(login, ("manifest", "inspect", wants.by_digest), at=at)
    if _LOST in said:
        raise _refused(f"the registry at {host} has no {wants}", said, name, login)


def _asked(login: Login, words: Sequence[str], *, at: str, stdin: bytes | None = None) -> str:
    """What the docker client says of a failure; "" where there is none."""
    options = {"stdin": stdin, "detached": True, "at": at}
    said, _ = asked(login, *words, seconds=_SECONDS, **options)
    return mask(said, [login.password])


def _refused(summary: str, said: str, name: str, login: Login) -> UserError:
    ways = ways_out(said, name=name, user=login.user)
    return UserError(summary, [f"it said: {brief(said)}", *ways])
