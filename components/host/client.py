"""The docker client, as the commands use it."""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
from collections.abc import Sequence
from typing import IO, Any, NoReturn

from ..inside import SECRETS
from ..place import DEPLOYMENT, LOOKING, ROLE, options
from ..remedies import host_remedies
from ..step_output import lines_of, say
from ..step_secrets import hide_archive, masked

LAST_LINES = 60
# The daemon keeps a long line as entries of 16 KB, and counts these.
_ENTRIES = 1000
TIMEOUT = 10.0
"""Seconds after which a daemon that was asked whether it is there is called busy."""
# What daemons of all ages say of a container that has no such folder.
_NO_SECRETS = r"(?i)could not find the file|no such file or directory|no such container:path"
NOT_SHOWN = "(it is not shown: the secrets that may be in it can't be read)"
"""Stands for what a container printed, where nobody knows what of it is secret."""
_learned: set[str] = set()
NONE = r"(?i)no such (container|object|volume|network|image)|network .* not found"
"""What daemons of all ages say of a thing that there is none of."""


def docker(
    *words: str,
    stdin: bytes | None = None,
    timeout: float | None = None,
    detached: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run the docker client and return what it said; a failure is the caller's to judge.

    Args:
        words: its words.
        stdin: what it reads.
        timeout: seconds that it may take.
        detached: it gets no terminal, on which ssh could ask for a password.

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
    )


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


def read_file(container: str, path: str) -> bytes | None:
    """A file in a container, whether that runs or not, also in its volumes; None if it isn't there.

    Args:
        container: the container's name or id.
        path: an absolute path in it.
    """
    done = docker("cp", f"{container}:{path}", "-")
    if done.returncode != 0 or not done.stdout:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        file = archive.extractfile(archive.next() or path)
        return file.read() if file else None


def has_file(container: str, path: str) -> bool:
    """A container has such a file, whether it runs or not; of a large one little is read.

    Args:
        container: the container's name or id.
        path: an absolute path in it.
    """
    words = ["docker", "cp", f"{container}:{path}", "-"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as copying:
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


def last_lines(container: str, *, since: str = "", until: str = "") -> str:
    """The last lines that a container printed.

    Args:
        container: the container's name or id.
        since: leave out what came before, as a time of the daemon's; "" leaves out nothing.
        until: leave out what came later, likewise.
    """
    if not learn(container):
        return NOT_SHOWN
    limit = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    done = docker("logs", "--tail", str(_ENTRIES), *limit, container)
    text = "\n".join([*_last(done.stdout), *_last(done.stderr)]).strip()
    return masked(text) or "(it printed nothing)"


def learn(container: str) -> bool:
    """Get to know a container's secrets, running or not, to show none of them from now on.

    Args:
        container: the container's name or id.

    Returns:
        False if they can't be read: then nothing of what it printed may be shown.
    """
    if container in _learned:
        return True
    done = docker("cp", f"{container}:{SECRETS}", "-")
    if done.returncode != 0:
        return bool(re.search(_NO_SECRETS, done.stderr.decode(errors="replace")))
    return _hide_archive(container, done.stdout)


def _hide_archive(of: str, archive: bytes) -> bool:
    try:
        hide_archive(archive)
    except tarfile.TarError:
        return False
    _learned.add(of)
    return True


def learn_mounted(mounts: Sequence[str], image: str) -> bool:
    """Get to know the secrets that a container has or is to get, to show none of them.

    Args:
        mounts: its mounts, as `docker run` takes them.
        image: its image.

    Returns:
        False if they can't be read: then nothing of what it prints may be shown.
    """
    secrets = [mount for mount in mounts if f"target={SECRETS}" in mount.split(",")]
    return all(_learn_mount(mount, image) for mount in secrets)


def _learn_mount(mount: str, image: str) -> bool:
    if mount in _learned:
        return True
    # One that is there already is asked first: a disk that is full allows no other.
    volume = dict(option.partition("=")[::2] for option in mount.split(",")).get("source", "")
    known = any(map(learn, _containers_with(volume))) or _learn_in_new(mount, image)
    if known:
        _learned.add(mount)
    return known


def _containers_with(volume: str) -> list[str]:
    said = docker("ps", "--all", "--quiet", "--filter", f"volume={volume}").stdout.decode()
    found = [(container, inspect(container)) for container in said.split()]
    return [
        container
        for container, state in found
        for mount in (state or {}).get("Mounts", ())
        if mount["Destination"] == SECRETS and volume in {mount.get("Name"), mount["Source"]}
    ]


def _learn_in_new(mount: str, image: str) -> bool:
    # One that is left behind, since this was killed, is found by its mark and removed.
    marks = options({DEPLOYMENT: "", ROLE: LOOKING})
    made = docker("create", "--network", "none", *marks, "--mount", mount, image, "true")
    if made.returncode != 0:
        return False
    container = made.stdout.decode().strip()
    known = learn(container)
    docker("rm", "--force", "--volumes", container)
    return known


def _last(said: bytes) -> list[str]:
    return said.decode(errors="replace").rstrip("\n").split("\n")[-LAST_LINES:]


def fail(problem: str, code: int = 1) -> NoReturn:
    """End this command, and with it the update, with an error; if the host is why, say so."""
    say("\n".join([problem, *host_remedies(problem, answers)]))
    sys.exit(code)


def answers() -> bool:
    """The daemon answers now, or is too busy to say."""
    try:
        return docker("version", "--format", "{{.Server.Version}}", timeout=TIMEOUT).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        # One that takes its time is busy, not gone; and where there is no client, that was said.
        return True
