"""Is the site in this container well? `python -m deploy_runtime.probe` exits 0 if so.

Run every few seconds, it has to be cheap: no Django, and no HTTP library either. It asks over
HTTP/1.0, so that the answer comes in one piece and ends with the connection.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping

from .places import HEALTH_PATH, PORT

TIMEOUT = 4.0  # seconds, for the whole exchange
_SHOWN = 200  # characters of a bad answer
_LIMIT = 65536  # bytes of an answer


def host(environ: Mapping[str, str]) -> str:
    """A host name that the site accepts: the first of ALLOWED_HOSTS that is one."""
    for item in environ.get("ALLOWED_HOSTS", "").split(","):
        name = item.strip().removeprefix(".")
        if name and "*" not in name:
            return name
    return "localhost"


def request(environ: Mapping[str, str], path: str = "") -> bytes:
    """The request, as a visitor's would arrive from the edge.

    Args:
        environ: the container's environment.
        path: what is asked for, percent-encoded; the health endpoint by default.
    """
    lines = [
        f"GET {path or environ.get('DEPLOY_HEALTH_PATH') or HEALTH_PATH} HTTP/1.0",
        f"Host: {host(environ)}",
        "User-Agent: deploy-probe",
        "Accept: */*",
    ]
    if environ.get("CSRF_TRUSTED_ORIGINS", "").strip().startswith("https://"):
        lines.append("X-Forwarded-Proto: https")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(port: int, message: bytes, timeout: float = TIMEOUT) -> bytes:
    """Send a request to this machine and return the answer.

    Raises:
        OSError: no answer, or none within the timeout.
    """
    deadline = time.monotonic() + timeout
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(message)
        while len(answer) < _LIMIT:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("timed out")
            connection.settimeout(remaining)
            chunk = connection.recv(4096)
            if not chunk:
                break
            answer += chunk
    return answer


def verdict(answer: bytes) -> str | None:
    """What is wrong with an answer, in one line; None for a status of 2xx or 3xx."""
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.partition(b"\r\n")[0].decode("latin-1").split(maxsplit=2)
    if len(words) < 2 or not words[1].isdigit():
        return "the answer is no HTTP"
    if words[1][0] in "23":
        return None
    text = " ".join(body.decode("utf-8", errors="replace").split())
    return f"{words[1]} {text[:_SHOWN]}".rstrip()


def main() -> int:
    """Probe once; print what is wrong."""
    port = os.environ.get("PORT") or PORT
    path = os.environ.get("DEPLOY_HEALTH_PATH") or HEALTH_PATH
    try:
        problem = verdict(ask(int(port), request(os.environ)))
    except (OSError, ValueError) as error:
        problem = f"no answer on port {port}: {error}"
    if problem:
        print(f"{path}: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
