"""Secrets that came along with a copied stack file: two sites would share them unnoticed."""

from collections.abc import Iterator
from pathlib import Path

from .stack_file import read_stack_file


def shared(config_file: Path) -> Iterator[str]:
    """A line for each other stack whose file holds secrets of this one, and what to do.

    A value that is encrypted anew never looks the same again: `pulumi config cp`, which hands a
    site over on purpose, shares none in this sense.

    Args:
        config_file: the stack's config file; the others are beside it.
    """
    mine = _secrets(config_file)
    for file in sorted(config_file.parent.glob("Pulumi.*.yaml")):
        if file == config_file:
            continue
        keys = [key for key, value in mine.items() if _secrets(file).get(key) == value]
        if keys:
            remove = " && ".join(f"pulumi config rm {key} -s {_stack(config_file)}" for key in keys)
            yield (
                f"{' and '.join(keys)} of {config_file.name} and {file.name} are the same: one is "
                "a copy of the other, and who has the secrets of one site has the other's. For "
                f"secrets of its own, before its first up: `{remove}`"
            )


def _secrets(file: Path) -> dict[str, str]:
    try:
        said = read_stack_file(file) if file.is_file() else {}
    except ValueError:
        # Whoever deploys that stack is told.
        return {}
    return {
        key: value["secure"]
        for key, value in said.items()
        if isinstance(value, dict) and "secure" in value
    }


def _stack(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")
