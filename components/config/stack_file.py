"""A stack's config file as text, for what is asked of it without Pulumi."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .. import PACKAGE


def read_stack_file(file: Path) -> Mapping[str, Any]:
    """What a stack's config file says, by key, without the program's name in front of the keys.

    Every value is text, as it is written: a deployment may be called `on`, or `007`.

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
    return {key.removeprefix(f"{PACKAGE}:"): value for key, value in config.items()}
