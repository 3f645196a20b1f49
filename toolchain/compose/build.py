"""Builds Docker Compose from its pinned Go module, where the docker client comes without it.

`python3 -m toolchain.compose.build` prints progress to stderr and, as the only line on stdout, the
folder that holds `docker-compose`. As with the engine, it lies in the user's cache under a key
made of what it is built from, so a second clone builds nothing, and appears there by one rename.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from pathlib import Path

from toolchain.engine import build as engine

HERE = Path(__file__).resolve().parent
VERSION = "v2.35.1"
BINARY = "docker-compose"
PART = engine.Part(
    folder=os.path.relpath(HERE, engine.HERE),
    package="github.com/docker/compose/v2/cmd",
    binary=BINARY,
    stamp=f"github.com/docker/compose/v2/internal.Version={VERSION}",
)
PINS = ("go.mod", "go.sum", "tools.go")


def main() -> int:
    """Build Compose if it is missing; return the exit code."""
    try:
        print(ensure())
    except engine.BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def key() -> str:
    """Return the key of what would be built: pins, flags, machine; not this script."""
    what = (
        PART.package,
        PART.stamp,
        engine.FLAGS,
        sorted(engine.SETTINGS.items()),
        platform.system(),
        platform.machine(),
    )
    digest = hashlib.sha256(repr(what).encode())
    for name in PINS:
        digest.update(f"\0{name}\0".encode() + (HERE / name).read_bytes())
    return digest.hexdigest()[:12]


def ensure() -> Path:
    """Return the folder that holds Compose, after building it there if it is missing.

    Raises:
        BuildError: there is no Go, or it failed; the message holds its last lines.
    """
    folder = engine.cache_folder() / f"compose-{key()}"
    if not (folder / BINARY).is_file():
        with engine.build_lock(folder.parent):
            _build(folder)
    return folder


def _build(folder: Path) -> None:
    if (folder / BINARY).is_file():  # somebody else built it while this process waited
        return
    if shutil.which("go") is None:
        raise engine.BuildError(
            "`go` is not on PATH, and the docker client has no `compose`. Install Docker Compose "
            "(a package of most systems) or Go 1.21 or newer; then run the same command again."
        )
    print(f"compose: building {VERSION} from Go modules: once, some minutes", file=sys.stderr)
    folder.mkdir(exist_ok=True)
    engine.build_part(PART, folder / BINARY)


if __name__ == "__main__":
    sys.exit(main())
