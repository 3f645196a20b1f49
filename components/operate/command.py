"""What every command for people has in common: how it ends, and what it says of a bad host."""

import sys
from collections.abc import Callable

from ..host import reach


def run(command: Callable[[], int], *, first: Callable[[], None] = reach.check) -> None:
    """Run a command to its end; whatever is wrong ends in words and no stack trace.

    Args:
        command: it; returns the exit code.
        first: fails where the command could not ask the Docker host anything.
    """
    try:
        first()
        code = command()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Who read along has seen enough, such as `head`.
        sys.stderr.close()
        code = 141
    sys.exit(code)
