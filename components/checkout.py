"""What a checkout has of deployments: build contexts and descriptions, which each update writes."""

from pathlib import Path

FOLDER = Path(".build")
"""Relative to the program, so that the inputs of resources are the same in every checkout."""


def folder_of(deployment: str) -> Path:
    """The folder of a deployment's own; it may not be there yet."""
    return FOLDER / deployment


def close_to_others() -> None:
    """Make the folder of all deployments, for its owner alone.

    Files that are private in the project are readable in a build context.
    """
    FOLDER.mkdir(exist_ok=True)
    FOLDER.chmod(0o700)
