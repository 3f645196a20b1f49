"""What the start-up command runs: `python -m deploy_runtime.manage migrate|collectstatic [FLAGS]`.

Each is a process of its own, like one of `manage.py`, that never asks a question and enters what it
did into the ledger.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from . import boot, collect, database, ledger, migrate
from .errors import DeployError

_USAGE = "use `python -m deploy_runtime.manage migrate [FLAGS]` or `… collectstatic`"


def main(words: Sequence[str]) -> int:
    """Set Django up and run a command; return the exit code."""
    try:
        command = COMMANDS.get(words[0] if words else "")
        if command is None:
            raise DeployError(_USAGE)
        command(words[1:], boot.start_django())
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _migrate(flags: Sequence[str], boot_seconds: float) -> None:
    database.wait_for_all()
    with _recorded("migrate", boot_seconds) as result:
        done = migrate.migrate_into(result, flags)
        print(migrate.summary(done), flush=True)


def _collect(flags: Sequence[str], boot_seconds: float) -> None:
    if flags:
        raise DeployError(f"collectstatic takes no flags here: {' '.join(flags)}")
    with _recorded("collectstatic", boot_seconds) as result:
        print(collect.collect_into(result), flush=True)


def _recorded(operation: str, boot_seconds: float) -> AbstractContextManager[dict[str, Any]]:
    return ledger.recorded(operation, "startup", boots=1, boot_seconds=boot_seconds)


COMMANDS: Mapping[str, Callable[[Sequence[str], float], None]] = {
    "migrate": _migrate,
    "collectstatic": _collect,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
