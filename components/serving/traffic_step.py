"""Switches traffic: hands the edge its configuration, and waits until that is in force."""

import os
import sys

from ..host.client import fail
from ..migrations import aftermath
from ..migrations.applied import description
from . import takeover
from .takeover import TakeoverError


def main() -> None:
    """Have EDGE send requests to the servers in the configuration on standard input.

    One that doesn't have its port yet is given that, in the place of what has it. A window in which
    nothing served, as the file CHECK describes it, ends with that.
    """
    edge, config = os.environ["EDGE"], sys.stdin.buffer.read()
    described = description(os.environ["CHECK"])
    try:
        takeover.serve(edge, config, retire=described["retire"], grace=described["grace"])
    except TakeoverError as error:
        fail(f"switching traffic: {error}\n{aftermath.explain(described)}")
    aftermath.settle(described)


if __name__ == "__main__":
    main()
