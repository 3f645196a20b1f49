"""`python -m bench.by_digest`: how long updates take that build, that push besides, and by digest.

Three sites get changes of code, one after another: one is built on a second host, one on this
machine's daemon and pushed to a registry beside it, one is served by the second host as that was
pushed. The first and the last are the same host over the same ssh.
"""

import argparse
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.compare import use_engine
from bench.kills import say
from components.text_table import text_table
from tests.integration.harness import Site
from tests.integration.registry import PASSWORD, USER, Registry
from tests.integration.second_host import SecondHost
from toolchain.errors import ToolchainError

PUSHES = "builds and pushes"
WAYS = ("builds", PUSHES, "by digest")
_STYLES = "example/lanterna/static/css/site.css"


def main(argv: Sequence[str] | None = None) -> int:
    """Make the updates; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.by_digest", description=__doc__)
    parser.add_argument("--updates", type=int, default=5, help="of each site")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="by-digest-"))
    try:
        use_engine()
        seconds = run(options.updates, folder)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(seconds))
    return 0


def run(updates: int, folder: Path) -> dict[str, list[float]]:
    """The seconds of each update, by its way."""
    for name in ("registry", "host"):
        (folder / name).mkdir()
    registry = Registry(folder / "registry")
    host = None
    sites: dict[str, Site] = {}
    try:
        registry.trust()
        host = SecondHost(folder / "host")
        registry.trusted_in(host.daemon.box)
        for number, way in enumerate(WAYS):
            name = f"t-digest-{number}-{secrets.token_hex(3)}"
            (folder / name).mkdir()
            sites[way] = Site(folder=folder / name, deployment=name)
            if way != PUSHES:
                host.takes(sites[way])
        return _measured(sites, registry, updates)
    finally:
        for site in sites.values():
            site.remove_everything()
        registry.remove()
        if host:
            host.remove()


def _measured(sites: dict[str, Site], registry: Registry, updates: int) -> dict[str, list[float]]:
    building, pushing, served = (sites[way] for way in WAYS)
    for site in (pushing, served):
        site.configure(registry__user=USER)
        site.configure_secret(registry__password=PASSWORD)
    pushing.configure(registry__image=f"{registry.host}/shop")
    served.unset("app")
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    # The first one of each makes the site, and is not counted.
    for number in range(updates + 1):
        for site in (building, pushing):
            with (site.folder / _STYLES).open("a") as file:
                file.write(f"\n.tide-{secrets.token_hex(4)} {{ color: teal }}\n")
        for way, site in sites.items():
            if site is served:
                served.configure(releases__image=pushing.outputs()["releaseImage"])
            begin = time.monotonic()
            site.up()
            took = time.monotonic() - begin
            say(f"{number}/{updates} {way}: {took:.1f} s")
            if number:
                seconds[way].append(took)
    return seconds


def table(seconds: dict[str, list[float]]) -> str:
    """For each way the middle one of its updates, and the range."""
    rows = [
        (way, f"{statistics.median(took):.1f}", f"{min(took):.1f} to {max(took):.1f}")
        for way, took in seconds.items()
    ]
    return text_table([("update", "seconds, median", "range"), *rows])


if __name__ == "__main__":
    sys.exit(main())
