"""The network on which the user's own proxy reaches the site: made, or with `remove` removed."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from ..host.client import docker, docker_or_fail, fail, inspect
from ..place import DEPLOYMENT, options
from ..step_output import say


def main(verb: str = "create") -> None:
    """Make NETWORK with LABELS unless it is there; or remove it unless others are on it.

    Containers with the label OWNER are the site's own.
    """
    network = os.environ["NETWORK"]
    if verb == "create":
        create(network, json.loads(os.environ["LABELS"]))
    else:
        _remove(network, os.environ["OWNER"])


def create(network: str, marks: Mapping[str, str]) -> None:
    """Make a network unless it is there; this command fails if that is another deployment's.

    Args:
        network: its name.
        marks: its labels.
    """
    found = inspect(network, "network")
    if found is None:
        words = ("network", "create", *options(marks), network)
        docker_or_fail(f"making the network {network}", *words)
    elif _owner(found) not in ("", marks[DEPLOYMENT]):
        fail(
            f"network {network} belongs to deployment {_owner(found)}: nothing was let onto it. "
            "Set deployment to another name, here or there (docs/edge.md)"
        )


def _remove(network: str, owner: str) -> None:
    found = inspect(network, "network")
    if found is None or _owner(found) not in ("", owner.partition("=")[2]):
        return
    # The site's own containers may go on to serve behind the edge.
    mine = docker("ps", "--quiet", "--no-trunc", "--filter", f"label={owner}")
    others = []
    for id_, endpoint in found["Containers"].items():
        if id_ in mine.stdout.decode().split():
            docker("network", "disconnect", "--force", network, id_)
        else:
            others.append(endpoint["Name"])
    if docker("network", "rm", network).returncode != 0:
        who = f"used by {', '.join(sorted(others))}" if others else "in use"
        say(f"warning: the network {network} is kept: it is {who}")


def _owner(network: Mapping[str, Any]) -> str:
    """The deployment whose label it bears; "" for one that somebody made by hand."""
    return str((network.get("Labels") or {}).get(DEPLOYMENT, ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
