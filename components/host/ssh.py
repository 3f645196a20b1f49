"""A Docker daemon behind ssh, for the program's own questions: through a tunnel to its socket.

The docker client and the provider know `ssh://` by themselves; the Python client needs packages for
it that nothing else does.
"""

import atexit
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

_SOCKET = "/var/run/docker.sock"
_TIMEOUT = 15.0
_INTERVAL = 0.05


class SshError(OSError):
    """ssh didn't get through; the text is what it said."""


def tunnel(address: str) -> str:
    """Open a tunnel to a daemon's socket, for as long as this process lives.

    Args:
        address: such as ``ssh://user@host:22``.

    Returns:
        The address of its local end.

    Raises:
        SshError: if there is none within seconds.
    """
    folder = Path(tempfile.mkdtemp(prefix="django-on-docker-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    local = folder / "docker.sock"
    try:
        process = subprocess.Popen(
            words(address, local),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        raise SshError(f"ssh can't be run: {error.strerror}") from None
    atexit.register(process.terminate)
    _wait(process, local)
    return f"unix://{local}"


def words(address: str, local: Path) -> list[str]:
    """The command that opens the tunnel."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ExitOnForwardFailure": "yes",
        "ServerAliveInterval": "15",
    }
    return [
        "ssh",
        *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
        *(["-p", str(parts.port)] if parts.port else []),
        *("-T", "-L", f"{local}:{parts.path if parts.path.strip('/') else _SOCKET}"),
        f"{parts.username}@{host}" if parts.username else host,
        # It ends when its input does, which is when this process ends, by whatever means.
        "cat",
    ]


def _wait(process: subprocess.Popen[str], local: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not local.exists():
        if process.poll() is not None:
            said = process.stderr.read().strip() if process.stderr else ""
            raise SshError(said or f"ssh ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            process.terminate()
            raise SshError(f"ssh did not get through within {_TIMEOUT:.0f} s")
        time.sleep(_INTERVAL)
