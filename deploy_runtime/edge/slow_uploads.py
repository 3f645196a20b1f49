"""How long a visitor's upload may take: no time-out of HAProxy or nginx bounds it as a whole."""

import time

from . import haproxy
from .haproxy import EdgeError

LIMIT = 1800  # seconds that a body may take to arrive
_LOOK = 30.0  # seconds between two looks at how long they take


def bound() -> None:
    """End those that take longer, for as long as this process runs."""
    while True:
        time.sleep(_LOOK)
        try:
            haproxy.end_uploads(LIMIT)
        except EdgeError:
            continue
