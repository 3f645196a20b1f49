"""Tells the HAProxy beside it which servers take requests.

control.py apply < CONFIGURATION    the servers that it lists take new requests, and no others
control.py maintenance              no server does, until the next `apply`
control.py forget                   one that doesn't run will start with no server
control.py show                     what is in force, as JSON
control.py run                      the edge itself: what its container is for
"""

import fcntl
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from . import processes, traffic
from .haproxy import FOLDER, EdgeError


def main(words: Sequence[str]) -> int:
    """Carry out one command, alone; the exit code."""
    if words == ["run"]:
        return processes.run()
    try:
        with _alone():
            match words:
                case ["apply"]:
                    traffic.apply(sys.stdin.read())
                case ["maintenance"]:
                    traffic.maintenance()
                case ["forget"]:
                    traffic.forget()
                case ["show"]:
                    print(json.dumps(traffic.show()))
                case _:
                    print("usage: control.py apply|maintenance|forget|show|run", file=sys.stderr)
                    return 2
    except EdgeError as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    with (FOLDER / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
