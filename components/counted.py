"""How often something had to be done again: numbers in the stack's state, told from its resources.

A command runs again when one of its triggers changes. Where nothing that it depends on did, and it
has to all the same, the last of its triggers is a number, which is raised.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .migrations import window
from .migrations.check import outcome_file


def repeats(resources: Sequence[Mapping[str, Any]], name: str, *, again: bool) -> int:
    """How often a command ran once more, now included.

    Args:
        resources: the resources in the stack's state.
        name: the command's name.
        again: there is a reason to, such as a retired container that runs.
    """
    command = _by_name(resources).get(name)
    return 0 if command is None else _number(command) + again


def last(resources: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """A resource as the stack's state has it; empty if it has none of that name."""
    return _by_name(resources).get(name, {})


def looks(
    resources: Sequence[Mapping[str, Any]], deployment: str, replicas: int, gone: Collection[str]
) -> int:
    """How often a check had to look because a backend is made that wasn't there, now included.

    Whatever removed it, a recovery after its gate failed or a hand, it migrates when it starts:
    what the check found for the one before may be past.

    Args:
        resources: the resources in the stack's state.
        deployment: the deployment's name.
        replicas: how many backends there are to be.
        gone: the ids of what isn't on the host any more, or was stopped there by hand.
    """
    there = _by_name(resources)
    suffixes = ["", *(f"-{number}" for number in range(2, replicas + 1))]
    backends = [there.get(f"{deployment}-backend{suffix}") for suffix in suffixes]
    new = any(found is None or found.get("id") in gone for found in backends)
    return _number(there.get(f"{deployment}-migration-check", {})) + new


def switches(resources: Sequence[Mapping[str, Any]], deployment: str) -> int:
    """How often traffic had to be switched because a window was left open, now included.

    An update that was killed in one may be followed by one that changes nothing: visitors would
    stay on the maintenance page.

    Args:
        resources: the resources in the stack's state.
        deployment: the deployment's name.
    """
    before = _number(_by_name(resources).get(f"{deployment}-traffic", {}))
    return before + window.is_open(outcome_file(deployment))


def _by_name(resources: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {r["urn"].rpartition("::")[2]: r for r in resources if not r.get("delete")}


def _number(command: Mapping[str, Any]) -> int:
    triggers = command.get("inputs", {}).get("triggers") or [""]
    return int(triggers[-1]) if str(triggers[-1]).isdigit() else 0
