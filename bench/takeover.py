"""`python -m bench.takeover`: how long nothing answers while the edge takes a port over.

A container that publishes the port itself serves; the stack `update` takes over from it, goes back
as its output `wayBack` says, and takes over again, while somebody asks for the page all the time.
"""

import argparse
import itertools
import secrets
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from bench.compare import BROKEN_OFF, machine, use_engine
from bench.process import BenchError, timed
from bench.visitor import status, wait_for_200
from components.errors import UserError
from components.host.docker_host import Host
from tests.integration.harness import Site
from toolchain.errors import ToolchainError

PAUSE = 0.005  # seconds between two requests
PATIENCE = 2.0  # seconds for one answer: what is taken over from may break one off
LIMIT = 1.0  # seconds that a takeover may cost beyond the old container's own stop
_NANO = 1e9


@dataclass
class Answers:
    """What somebody met with who asked for a page all the time.

    Attributes:
        seen: when each answer came, and its status; 0 for none.
    """

    seen: list[tuple[float, int]] = field(default_factory=list)

    def gap(self) -> float:
        """Seconds, the longest time between two good answers."""
        good = [when for when, code in self.seen if code == 200]
        return max((b - a for a, b in itertools.pairwise(good)), default=0.0)

    def failed(self) -> dict[int, int]:
        """How often each status came that was not a good one."""
        codes = [code for _, code in self.seen if code != 200]
        return {code: codes.count(code) for code in sorted({*codes})}


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """One takeover as a visitor saw it, in seconds.

    Attributes:
        gap: the longest time between two good answers.
        stop: of it, what the old container took from the order to stop until it had ended.
        failed: how often each status came that was not a good one; 0 for no answer.
    """

    gap: float
    stop: float
    failed: dict[int, int]

    @property
    def beyond(self) -> float:
        """What the takeover itself cost."""
        return max(0.0, self.gap - self.stop)


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit code is 1 if the median takeover cost more than `LIMIT`."""
    parser = argparse.ArgumentParser(prog="python -m bench.takeover", description=__doc__)
    parser.add_argument("--takeovers", type=int, default=10, metavar="N")
    wanted = parser.parse_args(argv).takeovers
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found: list[Takeover] = []
    try:
        use_engine()
        with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (site, old):
            for number in range(wanted):
                found.append(take_over(site, old))
                print(f"{number + 1}: {line(found[-1])}", flush=True)
                if number + 1 < wanted:
                    go_back(site)
    except (BenchError, ToolchainError, UserError) as error:
        print(str(error) if str(error).startswith("error") else f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was running has been removed", file=sys.stderr)
        return BROKEN_OFF
    print(f"\n{report(found)}\n{machine()}")
    return int(statistics.median(t.beyond for t in found) > LIMIT)


def line(one: Takeover) -> str:
    """One takeover in words."""
    failed = ", ".join(f"{code or 'none'} x{n}" for code, n in one.failed.items()) or "nothing"
    return f"{one.gap:.2f} s, {one.stop:.2f} s of it the old one's stop; failed: {failed}"


def report(found: Sequence[Takeover]) -> str:
    """All of them in words."""
    beyond = sorted(one.beyond for one in found)
    return (
        f"{len(found)} takeovers on the same port, seconds beyond the old container's own stop: "
        f"median {statistics.median(beyond):.2f}, from {beyond[0]:.2f} to {beyond[-1]:.2f}"
    )


@contextmanager
def served(folder: Path) -> Iterator[tuple[Site, Container]]:
    """A container that has a port, and a stack that is to take over from it."""
    client = docker.from_env(timeout=120)
    image, name = Host().base_image("")[0], f"bench-takeover-{secrets.token_hex(3)}"
    site = Site(folder=folder, deployment=name, stack="update")
    volumes = [f"{name}-old-{part}" for part in ("data", "media")]
    try:
        # An empty file is an empty database: the first start migrates it.
        mounts: Any = {volumes[0]: {"bind": "/data"}, volumes[1]: {"bind": "/media"}}
        client.containers.run(image, ["touch", "/data/db.sqlite3"], volumes=mounts, remove=True)
        options: Any = {
            "detach": True,
            "init": True,
            "restart_policy": {"Name": "unless-stopped"},
            "ports": {"8000/tcp": ("127.0.0.1", site.port)},
            "volumes": mounts,
        }
        serving = ["python3", "-m", "http.server", "8000", "--directory", "/srv"]
        old = client.containers.run(image, serving, name=f"{name}-old", **options)
        site.configure(
            database__volume=volumes[0], media__volume=volumes[1], retire=[str(old.name)]
        )
        yield site, old
    finally:
        site.remove_everything()
        for container in client.containers.list(all=True, filters={"name": f"^{name}-old$"}):
            container.remove(force=True)
        for volume in client.volumes.list(filters={"name": f"{name}-old-"}):
            volume.remove(force=True)


def take_over(site: Site, old: Container) -> Takeover:
    """Take over while somebody asks."""
    wait_for_200(site.url)
    began = time.time()
    with asking(site.url) as answers:
        timed(
            ["pulumi", "--non-interactive", "up", "--yes", "--skip-preview", "-s", site.stack],
            folder=site.folder,
            env=site.env,
        )
        time.sleep(1)
    return Takeover(gap=answers.gap(), stop=own_stop(old, began), failed=answers.failed())


def go_back(site: Site) -> None:
    """Let what was taken over from serve again, as the stack's output says."""
    way: str = site.outputs()["wayBack"]
    timed(["sh", "-c", way])


@contextmanager
def asking(url: str) -> Iterator[Answers]:
    """Somebody who asks for a page, again and again, while the block lasts."""
    answers, over = Answers(), threading.Event()

    def ask() -> None:
        while not over.wait(PAUSE):
            code = status(url, patience=PATIENCE)
            answers.seen.append((time.monotonic(), code))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


def own_stop(old: Container, began: float) -> float:
    """Seconds from the order to stop until a container had ended, by the daemon's own notes."""
    since, until = int(began), int(time.time()) + 1
    wanted = {"container": [str(old.id)], "event": ["kill", "die"]}
    client = docker.from_env()
    events: list[dict[str, Any]] = list(
        client.events(since=since, until=until, decode=True, filters=wanted)
    )
    times: dict[str, float] = {}
    for event in events:
        times.setdefault(str(event["Action"]), event["timeNano"] / _NANO)
    if len(times) < 2:
        raise BenchError(f"{old.name} was not stopped by the takeover")
    return times["die"] - times["kill"]


if __name__ == "__main__":
    sys.exit(main())
