#!/usr/bin/env python3
"""Builds the Pulumi engine from pinned Go modules, for networks without Pulumi's own downloads.

Prints progress to stderr and, as the only line on stdout, the folder of the finished engine:
`bin/` holds the CLI and the Python language host, `home/` is its PULUMI_HOME with two plugins.
Engines live in the user's cache under a key made of what they are built from, so a second clone
builds nothing. Finished binaries survive an interruption; an unfinished engine is never visible.
What is upstream's and what stands in for it: docs/engine.md.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

HERE = Path(__file__).resolve().parent
PULUMI_VERSION_FLAG = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
# Short builds first: a broken set-up shows early. (folder, package, binary, linker's -X, seconds
# on two cores with nothing cached)
PARTS = (
    (
        "language-python",
        "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        "pulumi-language-python",
        f"{PULUMI_VERSION_FLAG}=v3.79.0",
        40,
    ),
    ("resource-command", ".", "pulumi-resource-command", "main.version=1.2.1", 60),
    (
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        "pulumi",
        f"{PULUMI_VERSION_FLAG}=v3.259.0",
        180,
    ),
    ("resource-docker", ".", "pulumi-resource-docker", "main.version=5.2.0", 240),
)
PLUGINS = (("docker", "5.2.0"), ("command", "1.2.1"))
HOST_SCRIPT = "pulumi-language-python-exec"
HEARTBEAT_SECONDS = 15.0
LAST_LINES = 15


class BuildError(Exception):
    """A failure with its remedy, shown to the user without a traceback."""


def main() -> int:
    """Build the engine if it is missing; return the exit code."""
    engine = cache_folder() / f"engine-{engine_key()}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if not is_complete(engine):
            with build_lock(engine):
                build(engine)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; finished parts are kept, run the same command again to go on")
        return 130
    print(engine)
    return 0


def cache_folder() -> Path:
    """Return the product's cache folder, outside every checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "django-on-docker"


def engine_key() -> str:
    """Return the key of what would be built: sources, pins, versions, machine; not this script."""
    digest = hashlib.sha256(repr((PARTS, PLUGINS, platform.system(), platform.machine())).encode())
    wanted = (path for path in HERE.rglob("*") if path.suffix in {".go", ".mod", ".sum"})
    for path in sorted(wanted):
        digest.update(f"\0{path.relative_to(HERE).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def is_complete(engine: Path) -> bool:
    """Tell whether a finished engine is there. Its folder appears by one rename, at the end."""
    plugins = [plugin_binary(engine, name, version) for name, version in PLUGINS]
    return all(
        path.is_file() for path in (engine / "bin/pulumi", engine / "bin" / HOST_SCRIPT, *plugins)
    )


def plugin_binary(engine: Path, name: str, version: str) -> Path:
    """Return where the CLI keeps an installed plugin."""
    return engine / f"home/plugins/resource-{name}-v{version}/pulumi-resource-{name}"


@contextlib.contextmanager
def build_lock(engine: Path) -> Iterator[None]:
    """Hold the one lock of the cache, so that two clones do not build at the same time."""
    engine.parent.mkdir(parents=True, exist_ok=True)
    with (engine.parent / "engine.lock").open("a") as handle:
        if not acquire(handle):
            with Progress("waiting for another build of the engine on this machine"):
                while not acquire(handle):
                    time.sleep(0.5)
        yield


def acquire(handle: IO[str]) -> bool:
    """Try to take the lock; the system drops it when the process ends, however that happens."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def build(engine: Path) -> None:
    """Build all parts into a working folder beside the engine, then rename it to the engine."""
    if is_complete(engine):  # somebody else finished it while this process waited for the lock
        return
    require_go()
    work = engine.with_name(f"{engine.name}.building")
    shutil.rmtree(engine, ignore_errors=True)  # damaged, or it would be complete
    binaries = work / "parts"
    binaries.mkdir(parents=True, exist_ok=True)
    total = sum(part[-1] for part in PARTS)
    say(f"building the Pulumi engine from Go modules, once: about {total // 60} minutes, cold")
    started = time.monotonic()
    for folder, package, binary, stamp, _ in PARTS:
        build_part(HERE / folder, package, binaries / binary, stamp)
    assemble(work, binaries)
    work.rename(engine)
    say(f"engine ready after {time.monotonic() - started:.0f} s: {engine}")


def build_part(folder: Path, package: str, target: Path, stamp: str) -> None:
    """Compile one binary, unless an earlier, interrupted run already did."""
    if target.exists():
        say(f"{target.name}: already built")
        return
    unfinished = target.with_name(f".{target.name}")
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-v", f"-ldflags=-s -w -X {stamp}"]
    with Progress(target.name) as progress:
        run_go(["build", *flags, "-o", str(unfinished), package], folder, progress)
        unfinished.rename(target)


def assemble(work: Path, binaries: Path) -> None:
    """Lay out `bin/` and install the plugins into `home/` with the CLI that was just built."""
    with Progress("installing the plugins"):
        for name in ("bin", "home"):
            shutil.rmtree(work / name, ignore_errors=True)
        (work / "bin").mkdir()
        for name in ("pulumi", "pulumi-language-python"):
            os.link(binaries / name, work / "bin" / name)
        script = module_folder() / "python/cmd" / HOST_SCRIPT
        shutil.copyfile(script, work / "bin" / HOST_SCRIPT)
        (work / "bin" / HOST_SCRIPT).chmod(0o755)
        for name, version in PLUGINS:
            install_plugin(work, name, version, binaries / f"pulumi-resource-{name}")
    shutil.rmtree(binaries)


def install_plugin(work: Path, name: str, version: str, binary: Path) -> None:
    """Install one plugin file under the version that the program's SDK asks for."""
    environment = {
        **os.environ,
        "PULUMI_HOME": str(work / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    done = subprocess.run(
        [
            *(str(work / "bin/pulumi"), "plugin", "install", "resource", name, version),
            *("--file", str(binary), "--non-interactive"),
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"the {name} plugin could not be installed:\n{done.stdout}{done.stderr}")


def module_folder() -> Path:
    """Return where Go unpacked the module that the language host comes from."""
    found = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"],
        cwd=HERE / "language-python",
        env=go_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0 or not found.stdout.strip():
        raise BuildError(f"go does not find the module of the language host:\n{found.stderr}")
    return Path(found.stdout.strip())


def require_go() -> None:
    """Raise where there is no Go at all; too old a Go says so itself, when it reads go.mod."""
    if shutil.which("go") is None:
        raise BuildError(
            "`go` is not on PATH. Install Go 1.25 or newer (a package of most systems), or "
            "install Pulumi itself and put it on PATH; then run the same command again."
        )


def go_environment() -> dict[str, str]:
    """Return an environment in which a build depends on this folder alone: no workspace, no C."""
    return {**os.environ, "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}


def run_go(arguments: list[str], folder: Path, progress: "Progress") -> None:
    """Run go, count the packages it names as it compiles them, and explain its failure."""
    process = subprocess.Popen(
        ["go", *arguments],
        cwd=folder,
        env=go_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    compiled = 0
    try:
        for line in process.stderr or ():
            lines.append(line.rstrip())
            if line.startswith("go: downloading"):
                progress.detail = "downloading modules"
            elif not line.startswith("go: "):
                compiled += 1
                progress.detail = f"{compiled} packages compiled"
        process.wait()
    finally:
        process.terminate()
    if process.returncode != 0:
        fail(folder.name, lines)


REMEDIES = {
    "requires go >=": "This Go is too old: install the version it names, or allow Go to fetch "
    "it by itself with GOTOOLCHAIN=auto.",
    "no space left": "The disk is full: about 8 GB are needed below `go env GOCACHE GOMODCACHE`.",
    "checksum mismatch": "A downloaded module is not the one that go.sum pins: the proxy in "
    "`go env GOPROXY` serves something else. Do not go on; find out why.",
    "signal: killed": "The system ended the compiler, most likely for lack of memory: about 4 GB "
    "are needed.",
    "dial tcp": "Go does not reach its module proxy: look at `go env GOPROXY` and the network.",
    "proxyconnect": "Go does not reach its module proxy: look at `go env GOPROXY` and HTTPS_PROXY.",
    "x509": "Go does not trust the certificate of its module proxy: add your network's authority "
    "to the system's certificates, or name it in SSL_CERT_FILE.",
}


def fail(part: str, lines: list[str]) -> NoReturn:
    """Raise with the last lines that go printed and what to do about them."""
    shown = [line for line in lines if line and not line.startswith("go: downloading")]
    text = "\n".join(shown[-LAST_LINES:])
    advice = next((remedy for sign, remedy in REMEDIES.items() if sign in text), "")
    raise BuildError(
        f"go could not build {part}:\n{text}\n{advice}\n"
        "Finished parts are kept: run the same command again to go on."
    )


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


class Progress:
    """Shows that a piece of work goes on, and how long it took when it is over."""

    def __init__(self, title: str) -> None:
        """Take the title of the work; `detail` may change while it goes on."""
        self.detail = ""
        self._title = title
        self._started = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Progress":
        """Start the clock."""
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Report the time that the work took, unless it failed."""
        self._over.set()
        if kind is None:
            say(f"{self._title}: done in {self._elapsed()} s")

    def _elapsed(self) -> int:
        return round(time.monotonic() - self._started)

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            say(f"{self._title}: {self._elapsed()} s {self.detail}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
