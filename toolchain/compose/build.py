"""Builds Docker Compose from its pinned Go module, where the docker client comes without it.

`python3 -m toolchain.compose.build` prints progress to stderr and, as the only line on stdout, the
folder that holds `docker-compose`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from toolchain import go_tool

HERE = Path(__file__).resolve().parent
VERSION = "v2.35.1"
BINARY = "docker-compose"
PINS = go_tool.PINS


def key() -> str:
    """Return the key of what would be built."""
    return _tool().key()


def ensure() -> Path:
    """Return the folder that holds Compose, after building it there if it is missing.

    Raises:
        BuildError: there is no Go, or it failed; the message holds its last lines.
    """
    return _tool().ensure()


def _tool() -> go_tool.GoTool:
    return go_tool.GoTool(
        name="compose",
        folder=HERE,
        package="github.com/docker/compose/v2/cmd",
        binary=BINARY,
        version=VERSION,
        stamp="github.com/docker/compose/v2/internal.Version",
        instead="`go` is not on PATH, and the docker client has no `compose`. Install Docker "
        "Compose (a package of most systems) or Go 1.21 or newer; then run the same command again.",
    )


if __name__ == "__main__":
    sys.exit(_tool().main())
