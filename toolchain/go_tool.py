"""A program that is built from its pinned Go module, once per machine. Nothing in it is ours.

As with the engine, it lies in the user's cache under a key made of what it is built from, so a
second clone builds nothing, and appears there by one rename.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from toolchain.engine import build as engine

PINS = ("go.mod", "go.sum", "tools.go")


@dataclass(frozen=True, kw_only=True)
class GoTool:
    """What is built, and from where.

    Attributes:
        name: what its folders in the cache begin with.
        folder: the module that pins it, by the files that `PINS` names.
        package: the package that is built.
        binary: what the program is called.
        version: the version that is pinned, as it is told.
        stamp: the variable that the linker sets to it.
        instead: what to install where there is no Go.
    """

    name: str
    folder: Path
    package: str
    binary: str
    version: str
    stamp: str
    instead: str

    def key(self) -> str:
        """Return the key of what would be built: pins, flags, machine; not this script."""
        what = (
            self.package,
            self._part().stamp,
            engine.FLAGS,
            sorted(engine.SETTINGS.items()),
            platform.system(),
            platform.machine(),
        )
        digest = hashlib.sha256(repr(what).encode())
        for name in PINS:
            digest.update(f"\0{name}\0".encode() + (self.folder / name).read_bytes())
        return digest.hexdigest()[:12]

    def ensure(self) -> Path:
        """Return the folder that holds it, after building it there if it is missing.

        Raises:
            BuildError: there is no Go, or it failed; the message holds its last lines.
        """
        folder = engine.cache_folder() / f"{self.name}-{self.key()}"
        if not (folder / self.binary).is_file():
            with engine.build_lock(folder.parent):
                self._build(folder)
        return folder

    def main(self) -> int:
        """Build it if it is missing, say where it is, and return the exit code of a command."""
        try:
            print(self.ensure())
        except engine.BuildError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("interrupted; run the same command again to go on", file=sys.stderr)
            return 130
        return 0

    def _part(self) -> engine.Part:
        return engine.Part(
            folder=os.path.relpath(self.folder, engine.HERE),
            package=self.package,
            binary=self.binary,
            stamp=f"{self.stamp}={self.version}",
        )

    def _build(self, folder: Path) -> None:
        if (folder / self.binary).is_file():  # built by somebody else while this process waited
            return
        if shutil.which("go") is None:
            raise engine.BuildError(self.instead)
        print(
            f"{self.name}: building {self.version} from Go modules: once, some minutes",
            file=sys.stderr,
        )
        folder.mkdir(exist_ok=True)
        engine.build_part(self._part(), folder / self.binary)
