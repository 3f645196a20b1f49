"""Which migrations a database has: `python -m deploy_runtime.applied [FLAGS]`.

Run with the flags of migrate, after a release failed, to know what it has committed. It changes
nothing, and prints one line of JSON, the names as `app.name`.
"""

import sys

from . import migrate
from .answer import answer


def applied(alias: str) -> list[str]:
    """The migrations that a database has, in the order in which they were recorded."""
    return [f"{app}.{name}" for app, name in migrate.recorded(alias)]


if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:], applied))
