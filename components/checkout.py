"""What is beside the Pulumi program of deployments: build contexts and descriptions.

Each update writes them; they are nobody else's, and no part of a repository.
"""

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
    (FOLDER / ".gitignore").write_text("*\n", encoding="utf-8")
