"""The docker client, as the commands use it."""

import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import IO, Any, NoReturn

from ..remedies import host_remedies
from ..step_output import lines_of, say

TIMEOUT = 10.0
"""Seconds after which a daemon that was asked whether it is there is called busy."""
NONE = r"(?i)no such (container|object|volume|network|image)|network .* not found"
"""What daemons of all ages say of a thing that there is none of."""


def docker(
    *words: str,
    stdin: bytes | None = None,
    timeout: float | None = None,
    detached: bool = False,
    at: str = "",
    also: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the docker client and return what it said; a failure is the caller's to judge.

    Args:
        words: its words.
        stdin: what it reads.
        timeout: seconds that it may take.
        detached: it gets no terminal, on which ssh could ask for a password.
        at: the daemon's address; "" for the client's own choice.
        also: further variables of its environment.

    Raises:
        subprocess.TimeoutExpired: it took longer than that.
    """
    return subprocess.run(
        ["docker", *words],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=timeout,
        start_new_session=detached,
        env=_environment(at, also or {}),
    )


def _environment(at: str, also: Mapping[str, str] = MappingProxyType({})) -> dict[str, str] | None:
    if not at:
        return {**os.environ, **also} if also else None
    # A context that somebody chose is not meant.
    kept = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
    return {**kept, "DOCKER_HOST": at, **also}


def docker_shown(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run the docker client, and say what it prints on standard error as it comes.

    It gets a pipe of its own: were it to outlive this command, Pulumi would wait for it.
    """
    source, sink = os.pipe()
    with os.fdopen(source, "rb") as said:
        copier = threading.Thread(target=_say_all, args=[said])
        copier.start()
        try:
            return subprocess.run(
                ["docker", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sink,
                check=False,
            )
        finally:
            os.close(sink)
            copier.join()


def _say_all(said: IO[bytes]) -> None:
    for line in lines_of(said):
        say(line)


def docker_attached(*words: str) -> int:
    """Run the docker client on this command's own input and output; return its exit code."""
    return subprocess.run(["docker", *words], check=False).returncode


@contextmanager
def dialled(seconds: float, *, at: str = "") -> Iterator[socket.socket]:
    """A connection to the daemon's API, which is wherever the docker client gets to, ssh included.

    Args:
        seconds: how long each answer may take.
        at: the daemon's address; "" for the client's own choice.
    """
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)
    words, end = ["docker", "system", "dial-stdio"], theirs.fileno()
    with (
        ours,
        theirs,
        subprocess.Popen(words, stdin=end, stdout=end, env=_environment(at)) as running,
    ):
        theirs.close()
        try:
            yield ours
        finally:
            ours.close()
            running.terminate()


def docker_followed(*words: str, out: Callable[[str], None], err: Callable[[str], None]) -> int:
    """Run the docker client, and hand on each line that it prints; return its exit code.

    Args:
        words: its words.
        out: takes the lines of standard output.
        err: takes those of standard error.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(["docker", *words], stdout=pipe, stderr=pipe) as running:
        errors = threading.Thread(target=_hand_on, args=[running.stderr, err], daemon=True)
        errors.start()
        try:
            _hand_on(running.stdout, out)
        except BaseException:
            running.kill()
            raise
        errors.join()
        return running.wait()


def _hand_on(said: IO[bytes] | None, take: Callable[[str], None]) -> None:
    for line in lines_of(said) if said else ():
        take(line)


def docker_or_fail(doing: str, *words: str, stdin: bytes | None = None) -> bytes:
    """Run the docker client; if it fails, so does this command, saying what it was doing."""
    done = docker(*words, stdin=stdin)
    if done.returncode != 0:
        fail(f"{doing}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def inspect(name: str, kind: str = "container") -> dict[str, Any] | None:
    """What the daemon knows of a thing; None if there is none.

    Where the daemon doesn't say so itself nobody knows, and this command fails.

    Args:
        name: its name or id.
        kind: "container", "network" or "volume".
    """
    done = docker(kind, "inspect", name)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        if re.search(NONE, said):
            return None
        fail(f"the Docker daemon does not answer: {said}")
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


def is_running(container: str) -> bool:
    """The container is there, and runs."""
    state = inspect(container)
    return state is not None and bool(state["State"]["Running"])


def read_file(container: str, path: str, *, at: str = "") -> bytes | None:
    """A file in a container, whether that runs or not, also in its volumes; None if it isn't there.

    Args:
        container: the container's name or id.
        path: an absolute path in it.
        at: the daemon's address; "" for the client's own choice.
    """
    done = docker("cp", f"{container}:{path}", "-", at=at)
    if done.returncode != 0 or not done.stdout:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        file = archive.extractfile(archive.next() or path)
        return file.read() if file else None


def has_file(container: str, path: str, *, at: str = "") -> bool:
    """A container has such a file, whether it runs or not; of a large one little is read.

    Args:
        container: the container's name or id.
        path: an absolute path in it.
        at: the daemon's address; "" for the client's own choice.
    """
    words = ["docker", "cp", f"{container}:{path}", "-"]
    out, err = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(words, stdout=out, stderr=err, env=_environment(at)) as copying:
        try:
            return bool(copying.stdout and copying.stdout.read(1))
        finally:
            copying.kill()


def read_image(image: str, path: str) -> bytes | None:
    """A file in an image, out of a container that never starts; None if it isn't there."""
    words = ("create", "--network", "none", image, "true")
    container = docker_or_fail(f"looking into {image}", *words).decode().strip()
    try:
        return read_file(container, path)
    finally:
        docker("rm", "--force", "--volumes", container)


def fail(problem: str, code: int = 1) -> NoReturn:
    """End this command, and with it the update, with an error; if the host is why, say so."""
    say("\n".join([problem, *host_remedies(problem, answers)]))
    sys.exit(code)


def answers(*, at: str = "") -> bool:
    """The daemon answers now, or is too busy to say.

    Args:
        at: its address; "" for the client's own choice.
    """
    words = ("version", "--format", "{{.Server.Version}}")
    try:
        return docker(*words, timeout=TIMEOUT, at=at).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        # One that takes its time is busy, not gone; and where there is no client, that was said.
        return True
