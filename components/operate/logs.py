"""What a site's containers print: `python3 -m components.operate.logs DEPLOYMENT [--follow]`.

Secrets are masked, as wherever this program shows what a container printed. What has ended tells
too: where nothing serves, the last that did says why.
"""

import argparse
import sys
import threading
from collections.abc import Sequence

from ..host.client import docker_followed, fail
from ..host.masked_output import NOT_SHOWN, learn
from ..host.what_serves import all_containers, serving_containers
from ..own_commands import run_module
from ..place import SHARED_EDGE
from . import command, shared_edge, site

_LINES = "100"


def main() -> None:
    """Print the last lines of a deployment's containers, and with --follow what comes."""
    parser = argparse.ArgumentParser(prog=run_module("operate.logs"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("--follow", action="store_true", help="go on as more is printed")
    parser.add_argument("--tail", default=_LINES, help="how many lines of each, or all")
    parser.add_argument(
        "--of", default="backend", choices=site.ROLES, help="which of its containers"
    )
    options = parser.parse_args()
    if options.tail != "all" and not options.tail.isdigit():
        fail(f"logs: the number of lines is {options.tail!r}: use a number, or all", 2)
    command.run(lambda: show(options.deployment, options.of, options.tail, follow=options.follow))


def show(deployment: str, role: str, tail: str, *, follow: bool) -> int:
    """Print what the containers with a role printed, a line with the container's name before it.

    Args:
        deployment: the deployment's name.
        role: which containers.
        tail: how many lines of each at most, or "all".
        follow: go on until they end, or this is interrupted.
    """
    site.exists(deployment)
    role = SHARED_EDGE if shared_edge.is_there(deployment) else role
    names = _containers(deployment, role)
    if not names:
        fail(f"logs: deployment {deployment} has no {role}, running or not")
    unknown = [name for name in names if not learn(name)]
    if unknown:
        fail(f"logs of {', '.join(unknown)}: {NOT_SHOWN}")
    flags = ["--tail", tail, *(["--follow"] if follow else [])]
    if follow and len(names) > 1:
        return _side_by_side(names, flags)
    return max(_print(name, flags, named=len(names) > 1) for name in names)


def _containers(deployment: str, role: str) -> Sequence[str]:
    if role != "backend":
        return all_containers(deployment, role)[-1:]
    return serving_containers(deployment) or all_containers(deployment)[-1:]


def _side_by_side(names: Sequence[str], flags: Sequence[str]) -> int:
    # Interrupted, this ends with its last word, and so do they.
    threads = [
        threading.Thread(target=_print, args=[name, flags], kwargs={"named": True}, daemon=True)
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def _print(name: str, flags: Sequence[str], *, named: bool) -> int:
    before = f"{name} | " if named else ""
    return docker_followed(
        *("logs", *flags, name),
        out=lambda line: print(f"{before}{line}", flush=True),
        err=lambda line: print(f"{before}{line}", file=sys.stderr, flush=True),
    )


if __name__ == "__main__":
    main()
