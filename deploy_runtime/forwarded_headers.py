"""What a request says of its visitor, and whom that is believed of.

The edge, and a proxy of the user's own, say in X-Forwarded-For and the like whom they speak for.
But whoever is on the Docker host can send a request to a container past both. Its headers are
dropped then, as the edge drops a visitor's.

The sender's address tells: Docker's DNS knows which container has it, and on which network. A
process of the host has its bridge's address, which is no container's.
"""

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Seconds that an answer holds: an address may become another container's, and one that was asked
# about too early the edge's.
_BELIEVED = 60.0
_DOUBTED = 1.0
_MOST = 1000  # addresses that are remembered
_LOCAL = ("", "127.0.0.1", "::1")  # processes in this very container, such as the probe
_UNKNOWN = 1  # h_errno's HOST_NOT_FOUND


class Senders:
    """Tells whether an address is that of a proxy of the deployment.

    Args:
        deployment: the deployment's name.
        look_up: the name of an address, as `socket.gethostbyaddr` finds it.
        clock: the time in seconds.
    """

    def __init__(
        self,
        deployment: str,
        look_up: Callable[[str], tuple[str, list[str], list[str]]] = socket.gethostbyaddr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._edge = f"{deployment}-edge.{deployment}-front"
        self._own = f".{deployment}-traffic"
        self._look_up, self._clock = look_up, clock
        self._known: dict[str, tuple[bool, float]] = {}

    def believes(self, address: str) -> bool:
        """The edge sent it, or something on the network of the user's own proxy, or this machine.

        Args:
            address: the address that a connection came from.
        """
        if address in _LOCAL:
            return True
        before, until = self._known.get(address, (False, 0.0))
        if self._clock() < until:
            return before
        found = self._ask(address, before)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[address] = (found, self._clock() + (_BELIEVED if found else _DOUBTED))
        return found

    def _ask(self, address: str, before: bool) -> bool:
        try:
            name = self._look_up(address)[0]
        except OSError as error:
            # Where nobody answers, what was known stays so.
            return before and error.errno != _UNKNOWN
        return name == self._edge or name.endswith(self._own)


def heard_out(application: Application, senders: Senders) -> Application:
    """A WSGI application that learns of its visitors only what those say who are believed."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if senders.believes(str(environ.get("REMOTE_ADDR", ""))):
            if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
                environ["wsgi.url_scheme"] = "https"
        else:
            for name in [name for name in environ if _is_claim(name)]:
                del environ[name]
        return application(environ, start_response)

    return answer


def _is_claim(name: str) -> bool:
    return name.startswith("HTTP_X_FORWARDED") or name in ("HTTP_FORWARDED", "HTTP_X_REAL_IP")
