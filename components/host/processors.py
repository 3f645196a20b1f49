"""How many processors a Docker host has: a container that is to have more can't be made."""

from collections.abc import Mapping

from ..errors import UserError
from .preflight import Known


def check_processors(wanted: Mapping[str, float], host: Known) -> None:
    """Refuse a limit that the Docker host can't set, before anything is changed.

    Args:
        wanted: how many processors a container may take, by config key; 0 is no limit.
        host: what is known of the Docker host.

    Raises:
        UserError: one is more than the host has.
    """
    there = host.processors
    problems = [
        f"{key} is {number:g}: `pulumi config set --path {key} {there} -s STACK`, or 0 for no limit"
        for key, number in wanted.items()
        if there and number > there
    ]
    if problems:
        raise UserError(f"the Docker host has {there} processors", problems)
