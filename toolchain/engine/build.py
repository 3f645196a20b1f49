#!/usr/bin/env python3
"""Builds the Pulumi engine from pinned Go modules, for networks without Pulumi's own downloads.

Prints progress to stderr and, as the only line on stdout, the folder of the finished engine:
`bin/` holds the CLI and the Python language host, `home/` is its PULUMI_HOME with two plugins.
Engines live in the user's cache under a key made of what they are built from, so a second clone
builds nothing. Each binary has a key of its own, too: one whose sources did not change is not built
again for another engine, or after an interruption. An unfinished engine is never visible.
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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

HERE = Path(__file__).resolve().parent
SDK = "github.com/pulumi/pulumi/sdk/v3"
CLI_VERSION = f"{SDK}/go/common/version.Version"


class Part(NamedTuple):
    """A binary: the folder of its module, its package, and the variable that the linker sets."""

    folder: str
    package: str
    binary: str
    stamp: str


# Short builds first: what is wrong with a machine shows early.
PARTS = (
    Part(
        folder="language-python",
        package=f"{SDK}/python/cmd/pulumi-language-python",
        binary="pulumi-language-python",
        stamp=f"{CLI_VERSION}=v3.79.0",
    ),
    Part("resource-command", ".", "pulumi-resource-command", "main.version=1.2.1"),
    Part(
        folder="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        binary="pulumi",
        stamp=f"{CLI_VERSION}=v3.259.0",
    ),
    Part("resource-docker", ".", "pulumi-resource-docker", "main.version=5.2.0"),
)
PROGRAMS = ("pulumi", "pulumi-language-python")
PLUGINS = (("docker", "5.2.0"), ("command", "1.2.1"))
HOST_SCRIPT = "pulumi-language-python-exec"
FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
# No workspace, no C compiler: a build depends on its own folder alone.
SETTINGS = {"GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}
HEARTBEAT_SECONDS = 15.0
LAST_LINES = 15


class BuildError(Exception):
    """A failure with its remedy, shown to the user without a traceback."""


def main() -> int:
    """Build the engine if it is missing; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine = cache_folder() / f"engine-{engine_key()}"
    try:
        if not is_complete(engine):
            with build_lock(engine.parent):
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
    """Return the key of what would be built: its parts and the plugins; not this script."""
    what = (PLUGINS, [part_key(part) for part in PARTS])
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]


def part_key(part: Part) -> str:
    """Return the key of one binary: sources, pins, flags, machine."""
    what = (part, FLAGS, sorted(SETTINGS.items()), platform.system(), platform.machine())
    digest = hashlib.sha256(repr(what).encode())
    folder = HERE / part.folder
    wanted = (path for path in folder.rglob("*") if path.suffix in {".go", ".mod", ".sum"})
    for path in sorted(wanted):
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def is_complete(engine: Path) -> bool:
    """Tell whether a finished engine is there. Its folder appears by one rename, at the end."""
    programs = [engine / "bin" / name for name in (*PROGRAMS, HOST_SCRIPT)]
    plugins = [
        engine / f"home/plugins/resource-{name}-v{version}/pulumi-resource-{name}"
        for name, version in PLUGINS
    ]
    return all(path.is_file() for path in programs + plugins)


@contextlib.contextmanager
def build_lock(cache: Path) -> Iterator[None]:
    """Hold the one lock of the cache, so that two clones do not build at the same time."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "engine.lock").open("a") as handle:
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
    """Build what parts are missing, lay out a working folder, and rename it to the engine."""
    if is_complete(engine):  # somebody else finished it while this process waited for the lock
        return
    if shutil.which("go") is None:
        raise BuildError(
            "`go` is not on PATH. Install Go 1.21 or newer (a package of most systems), or "
            "install Pulumi itself and put it on PATH; then run the same command again."
        )
    work = engine.with_name(f"{engine.name}.building")
    for stale in engine.parent.glob("engine-*.building"):
        shutil.rmtree(stale)  # interrupted: nobody works on it, the lock is ours
    shutil.rmtree(engine, ignore_errors=True)  # damaged, or it would be complete
    parts = engine.parent / "parts"
    parts.mkdir(exist_ok=True)

    started = time.monotonic()
    say("building the Pulumi engine from Go modules: once, about 8 minutes on 2 cores")
    built = {part.binary: parts / f"{part.binary}-{part_key(part)}" for part in PARTS}
    for part in PARTS:
        build_part(part, built[part.binary])
    assemble(work, built)
    work.rename(engine)
    for other in set(parts.iterdir()) - set(built.values()):
        other.unlink()  # engines that were made of it have it
    say(f"ready after {time.monotonic() - started:.0f} s: {engine}")


def build_part(part: Part, target: Path) -> None:
    """Compile one binary, unless an earlier run already did."""
    if target.exists():
        say(f"{part.binary}: already built")
        return
    unfinished = target.with_name(f".{target.name}")
    with Progress(part.binary) as progress:
        arguments = [*FLAGS, "-v", f"-ldflags=-s -w -X {part.stamp}", "-o", str(unfinished)]
        go_build(arguments, part, progress)
        unfinished.rename(target)


def assemble(work: Path, built: Mapping[str, Path]) -> None:
    """Lay out `bin/` and install the plugins into `home/` with the CLI that was just built."""
    with Progress("installing the plugins"):
        (work / "bin").mkdir(parents=True)
        for name in PROGRAMS:
            os.link(built[name], work / "bin" / name)
        shutil.copyfile(module_folder() / "python/cmd" / HOST_SCRIPT, work / "bin" / HOST_SCRIPT)
        (work / "bin" / HOST_SCRIPT).chmod(0o755)
        pulumi = str(work / "bin/pulumi")
        home = {"PULUMI_HOME": str(work / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        for name, version in PLUGINS:
            binary = str(built[f"pulumi-resource-{name}"])
            command = [pulumi, "plugin", "install", "resource", name, version, "--file", binary]
            answer(command, work, home, f"the {name} plugin could not be installed")


def module_folder() -> Path:
    """Return where Go unpacked the module that the language host comes from."""
    command = ["go", "list", "-m", "-f", "{{.Dir}}", SDK]
    problem = "go does not find the module of the language host"
    return Path(answer(command, HERE / "language-python", go_settings(), problem))


def answer(command: list[str], folder: Path, settings: dict[str, str], problem: str) -> str:
    """Run a short command and return what it says; raise with its text where it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"{problem}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def go_settings() -> dict[str, str]:
    """Return the settings of a build. A Go older than the modules need may fetch a newer one."""
    return {"GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN", "auto"), **SETTINGS}


def go_build(arguments: list[str], part: Part, progress: "Progress") -> None:
    """Run go, count the packages it names as it compiles them, and explain its failure."""
    process = subprocess.Popen(
        ["go", "build", *arguments, part.package],
        cwd=HERE / part.folder,
        env={**os.environ, **go_settings()},
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
            compiled += not line.startswith(("go: ", "#", "\t"))
            progress.detail = f"{compiled} packages compiled" if compiled else "downloading modules"
        process.wait()
    finally:
        process.terminate()
    if process.returncode != 0:
        fail(part.binary, lines)


REMEDIES = {
    "requires go >=": "This Go is older than the modules need, and GOTOOLCHAIN keeps it from "
    "fetching a newer one: unset GOTOOLCHAIN, or install the version named above.",
    "invalid go version": "This Go is too old: install Go 1.21 or newer.",
    "no space left": "The disk is full: about 7 GB are needed, mostly in the folders that `go env "
    "GOCACHE GOMODCACHE` names.",
    "checksum mismatch": "A downloaded module is not the one that go.sum pins: what the proxy in "
    "`go env GOPROXY` serves was changed. Do not go on; find out why.",
    "signal: killed": "The system ended the compiler, most likely for lack of memory: close other "
    "programs, or set GOMAXPROCS=1.",
    "dial tcp": "Go does not reach its module proxy: look at `go env GOPROXY` and the network.",
    "proxyconnect": "Go does not reach its module proxy: look at `go env GOPROXY` and HTTPS_PROXY.",
    "x509": "Go does not trust the certificate of its module proxy: add your network's authority "
    "to the system's certificates, or name it in SSL_CERT_FILE.",
}


def fail(binary: str, lines: list[str]) -> NoReturn:
    """Raise with the last lines that go printed and what to do about them."""
    shown = [line for line in lines if line and not line.startswith("go: downloading")]
    text = "\n".join(shown[-LAST_LINES:])
    advice = next((f"{advice}\n" for sign, advice in REMEDIES.items() if sign in text), "")
    raise BuildError(
        f"go could not build {binary}:\n{text}\n{advice}"
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

    def __enter__(self) -> "Progress":
        """Start the clock."""
        threading.Thread(target=self._beat, daemon=True).start()
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
            say(f"{self._title}: {self._elapsed()} s, {self.detail or 'working'}")


if __name__ == "__main__":
    sys.exit(main())
