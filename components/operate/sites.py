"""The sites of a stack whose program is somebody's own: `… sites PROJECT STACK [NAME]`.

What is on the Docker host tells them; Pulumi isn't asked.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from ..host.client import docker_or_fail, fail
from ..own_commands import run_module
from ..place import DEPLOYMENT, SITE, STACK
from . import command


def main() -> None:
    """Print the deployment of the site that the command line means."""
    parser = argparse.ArgumentParser(prog=run_module("operate.sites"))
    parser.add_argument("project", help="the Pulumi project's name")
    parser.add_argument("stack", help="the stack's name")
    parser.add_argument("site", nargs="?", default="", help="a component's name, or a deployment's")
    options = parser.parse_args()
    command.run(lambda: _show(options.project, options.stack, options.site))


def _show(project: str, stack: str, site: str) -> int:
    print(choose(of_stack(project, stack), stack, site))
    return 0


def is_own_program(folder: Path) -> bool:
    """The Pulumi program is somebody's own, with sites as components.

    Args:
        folder: the folder of Pulumi.yaml.
    """
    return any("DjangoSite" in file.read_text("utf-8", "replace") for file in folder.glob("*.py"))


def of_stack(project: str, stack: str) -> Mapping[str, str]:
    """The names of the components that are a stack's sites, by their deployments.

    Of one that was destroyed only the data is left: it counts where there is no other.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name.
    """
    return _marked("network", project, stack) or _marked("volume", project, stack)


def choose(there: Mapping[str, str], stack: str, site: str) -> str:
    """The deployment that is meant; where that is not clear, this command fails.

    Args:
        there: as `of_stack` says.
        stack: the stack's name.
        site: a component's name, or a deployment's; "" where there is only one.
    """
    meant = [name for name, of in there.items() if site in (name, of)] if site else [*there]
    if len(meant) != 1:
        fail(_unclear(there, stack, site))
    return meant[0]


def _unclear(there: Mapping[str, str], stack: str, site: str) -> str:
    if not there:
        return (
            f"there is no site of stack {stack} on this Docker host\nWhat to do: `pulumi up -s "
            f"{stack}` makes them; if they are on another host, name that by DOCKER_HOST or "
            "`docker context use`"
        )
    names = ", ".join(
        f"{name} (site {of})" if of not in ("", name) else name for name, of in there.items()
    )
    wrong = f"has no site {site!r}" if site else "has several sites"
    return f"stack {stack} {wrong}\nWhat to do: use --site with one of: {names}"


def _marked(kind: str, project: str, stack: str) -> dict[str, str]:
    labels = " ".join(f'{{{{.Label "{label}"}}}}' for label in (STACK, DEPLOYMENT, SITE))
    words = (kind, "ls", "--filter", f"label={STACK}", "--format", labels)
    said = docker_or_fail("looking for the stack's sites", *words).decode()
    found: dict[str, str] = {}
    for owner, deployment, *site in (line.split(" ") for line in sorted(said.splitlines())):
        # Whose account it is in is no part of what a checkout knows.
        if owner.split("/")[-2:] == [project, stack]:
            found[deployment] = "".join(site) or found.get(deployment, "")
    return found


if __name__ == "__main__":
    main()
