"""What a release is asked about its database: it answers with one line of JSON on stdout."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from . import boot, database, migrate
from .errors import DeployError


def answer(flags: Sequence[str], find: Callable[[str], Any]) -> int:
    """Print what is found in the database; return the exit code.

    Args:
        flags: the flags of migrate, which say which database it is.
        find: finds it by the database's alias.
    """
    # From here on nothing but the answer reaches the real stdout, whatever the project prints.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    alias = migrate.alias_of(flags)
    try:
        boot.start_django()
        database.wait(alias)
        found = find(alias)
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found), file=channel, flush=True)
    return 0
