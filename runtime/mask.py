"""A text without this container's secrets: `python -m deploy_runtime.mask < TEXT`."""

import os
import sys

from . import environment


def main() -> int:
    """Mask what is on stdin."""
    environment.load(os.environ)
    sys.stdout.write(environment.masked(sys.stdin.read()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
