"""A stack's config file as text, for what is asked of it without Pulumi."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from .. import PACKAGE

SALT = "encryptionsalt"
"""What Pulumi adds to a stack's file: what a passphrase becomes a key with."""


def stack_file(stack: str, project_folder: Path = Path()) -> Path:
    """The config file of a stack: where `stackConfigDir` of Pulumi.yaml says, else beside it.

    Args:
        stack: the stack's name.
        project_folder: the folder of Pulumi.yaml.
    """
    return stack_folder(project_folder) / f"Pulumi.{stack}.yaml"


def stack_folder(project_folder: Path = Path()) -> Path:
    """The folder of the stacks' config files, by the folder of Pulumi.yaml."""
    return project_folder / str(_declared(project_folder).get("stackConfigDir", ""))


def project_name(project_folder: Path = Path()) -> str:
    """The name of the Pulumi project, by the folder of Pulumi.yaml."""
    return str(_declared(project_folder).get("name", PACKAGE))


def _declared(project_folder: Path) -> Mapping[str, Any]:
    file = project_folder / "Pulumi.yaml"
    said = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) if file.is_file() else {}
    return said if isinstance(said, dict) else {}


def read_stack_file(file: Path, project: str = PACKAGE) -> Mapping[str, Any]:
    """What a stack's config file says, by key; the project's name before a key is optional.

    Every value is text, as it is written: a deployment may be called `on`, or `007`.

    Args:
        file: the file.
        project: the Pulumi project's name; keys of others, such as providers, are left out.

    Raises:
        ValueError: the file can't be read as YAML; nothing of what is in it is shown.
    """
    try:
        said = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{file}{where}: this is no YAML") from None
    config = said.get("config") if isinstance(said, dict) else None
    if not isinstance(config, dict):
        return {}
    named = {key.removeprefix(f"{project}:"): value for key, value in config.items()}
    return {key: value for key, value in named.items() if ":" not in key}


def encrypted_places(file: Path, project: str = PACKAGE) -> set[tuple[str | int, ...]]:
    """The places of what is encrypted in a stack's config file; none where it can't be read.

    Args:
        file: the file.
        project: the Pulumi project's name.
    """
    return {place for place, _ in encrypted_values(file, project)}


def encrypted_values(
    file: Path, project: str = PACKAGE
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is encrypted in a stack's config file, by its place; nothing where it can't be read."""
    try:
        said = read_stack_file(file, project) if file.is_file() else {}
    except ValueError:
        # Whoever deploys that stack is told.
        said = {}
    yield from _encrypted(said, ())


def _encrypted(
    value: Any, place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return
    if value.keys() == {"secure"} and place:
        yield place, value["secure"]
        return
    for name, inner in value.items():
        yield from _encrypted(inner, (*place, name))


def value_at(said: Mapping[str, Any], where: str) -> str:
    """The plain text that a stack's config says at a path of keys; "" if it says none."""
    value: Any = said
    for key in where.split("."):
        value = value.get(key, "") if isinstance(value, dict) else ""
    return value if isinstance(value, str) else ""


def says_the_same(text: str, other: str, project: str = PACKAGE) -> bool:
    """Whether two texts of a stack's file differ only in how they are written.

    Pulumi writes the whole file anew to add what encrypts the state's secrets: with its own name
    before each key, in an order of its own, and without comments.

    Args:
        text: a file's text.
        other: another text of the same file.
        project: the Pulumi project's name.
    """
    try:
        said = [_without_salt(yaml.load(one, yaml.BaseLoader), project) for one in (text, other)]
    except yaml.YAMLError:
        return False
    return bool(said[0] == said[1])


def _without_salt(said: Any, project: str) -> Any:
    if not isinstance(said, dict):
        return said or {}
    config = said.get("config") or {}
    if isinstance(config, dict):
        config = {key.removeprefix(f"{project}:"): value for key, value in config.items()}
    others = {key: value for key, value in said.items() if key not in ("config", SALT)}
    return {**others, **({"config": config} if config else {})}


def main(file: Path, key: str = "") -> int:
    """What `make` asks before there is a Pulumi to ask; returns the exit code.

    Args:
        file: a stack's file.
        key: the path of what is printed; without one, whether the file says the same as what is on
            standard input.
    """
    if key:
        print(value_at(read_stack_file(file, project_name()), key))
        return 0
    return 0 if says_the_same(sys.stdin.read(), file.read_text("utf-8"), project_name()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
