"""A connection of Django's: where its address is configured, and another one beside it.

Without Django itself: the program's steps import what uses this.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .environment import POOLED_URL

DIRECT_KEY = "database.directUrl"


def key_of(connection: Any, environ: Mapping[str, str] = os.environ) -> str:
    """The config key of a connection's address."""
    if connection.alias != "default":
        return f'databases["{connection.alias}"]'
    return DIRECT_KEY if environ.get(POOLED_URL) else "database.url"


@contextmanager
def apart(connection: Any) -> Iterator[Any]:
    """Another connection to the same database, which is none of a pool, and closed in the end."""
    own = connection.copy()
    own.settings_dict.get("OPTIONS", {}).pop("pool", None)
    try:
        yield own
    finally:
        own.close()
