"""Which migrations a database has: `python -m deploy_runtime.applied [FLAGS]`.

Run with the flags of migrate, after a release failed, to know what it has committed. It changes
nothing, and prints one line of JSON, the names as `app.name`.
"""

import json
import os
import sys
from collections.abc import Sequence

from . import boot, database, migrate
from .errors import DeployError


def main(flags: Sequence[str]) -> int:
    """Print the names; return the exit code."""
    # From here on nothing but the names reaches the real stdout, whatever the project prints.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    alias = migrate.alias_of(flags)
    try:
        boot.start_django()
        database.wait(alias)
        found = migrate.recorded(alias)
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps([f"{app}.{name}" for app, name in found]), file=channel, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
