"""Secrets that came along with a copied stack file: two sites would share them unnoticed."""

from collections.abc import Iterator
from pathlib import Path

from .. import PACKAGE
from .messages import command, path
from .stack_file import encrypted_values


def shared(config_file: Path, project: str = PACKAGE) -> Iterator[str]:
    """A line for each other stack whose file holds secrets of this one, and what to do.

    A value that is encrypted anew never looks the same again: `pulumi config cp`, which hands a
    site over on purpose, shares none in this sense.

    Args:
        config_file: the stack's config file; the others are beside it.
        project: the Pulumi project's name.
    """
    mine = dict(encrypted_values(config_file, project))
    for file in sorted(config_file.parent.glob("Pulumi.*.yaml")):
        if file == config_file:
            continue
        theirs = dict(encrypted_values(file, project))
        places = [path(*place) for place, value in mine.items() if theirs.get(place) == value]
        if places:
            stack = _stack(config_file)
            remove = " && ".join(command("rm", where, stack) for where in places)
            yield (
                f"{' and '.join(places)} of {config_file.name} and {file.name} are the same: one "
                "is a copy of the other, and who has the secrets of one site has the other's. For "
                f"secrets of its own, before its first up: `{remove}`"
            )


def _stack(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")
