"""Is a stack's config right? `… | python3 -m components.config.check STACK`.

It reads what `pulumi config --json --show-secrets` prints, and says what is wrong with it, without
a value that is secret. Nothing is deployed for it.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import PACKAGE
from .host_settings import HostSettings
from .messages import ConfigError
from .settings import Settings, load_told
from .stack_file import project_name


def check(
    told: Mapping[str, Any], stack: str, folder: Path = Path(), project: str = PACKAGE
) -> Settings | HostSettings:
    """The settings that a stack's config makes.

    Args:
        told: each key with its value, as `pulumi config --json` says.
        stack: the stack's name.
        folder: the folder of Pulumi.yaml.
        project: the Pulumi project's name, before each of its keys.

    Raises:
        ConfigError: something is wrong with it.
    """
    values = {name: str(entry.get("value", "")) for name, entry in told.items()}
    secret = [name for name, entry in told.items() if entry.get("secret")]
    return load_told(values, secret, stack=stack, project=project, folder=folder)


def main() -> int:
    """Print the port on 127.0.0.1 that the site is published on, "0" for none; or what is wrong."""
    try:
        settings = check(json.load(sys.stdin), sys.argv[1], project=project_name())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    print(settings.published.get("site.port", 0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
