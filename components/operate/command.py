"""What every command for people has in common: how it ends, and what it says of a bad host."""

import sys
from collections.abc import Callable

from ..host.client import TIMEOUT, docker, fail
from ..own_commands import typed


def run(command: Callable[[], int]) -> None:
    """Run a command to its end; whatever is wrong ends in words and no stack trace.

    Args:
        command: it; returns the exit code.
    """
    try:
        code = command()
    except FileNotFoundError as error:
        if error.filename != "docker":
            raise
        fail(
            "there is no docker client on PATH\nWhat to do: install Docker (on Debian: `apt-get "
            f"install docker.io`), or run `{typed('env')}`"
        )
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Who read along has seen enough, such as `head`.
        sys.stderr.close()
        code = 141
    sys.exit(code)


def daemon_problem() -> str:
    """Why no Docker daemon answers, in its client's words; "" if one does.

    Raises:
        FileNotFoundError: there is no docker client.
    """
    done = docker("version", "--format", "{{.Server.Version}}", timeout=3 * TIMEOUT, detached=True)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return "" if done.returncode == 0 else next(iter(lines[-1:]), "it said nothing")
