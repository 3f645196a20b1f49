"""A command by hand, in a container of its own: `python -m deploy_runtime.one_off KIND [WORDS]`.

    manage COMMAND [WORDS]   as `manage.py COMMAND`; `migrate` waits for others that migrate
    shell                    the shell of the container's system
    dbshell [WORDS]          the command line of the database
    settings [--all|--json]  what each setting was, is, and why; the ledger doesn't say so

The ledger says which command it was and what it came to, not what else it was told: that may hold
what nobody else is to know. Standard output is the command's alone.
"""

import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from . import boot, database, ledger, migrate, settings_report
from .client_words import client_words
from .errors import DeployError

_USAGE = "use `python -m deploy_runtime.one_off manage COMMAND`, `… shell` or `… dbshell`"
_MODULE = (3, 12)  # the first Python with a command line for SQLite


def main(words: Sequence[str]) -> int:
    """Run one; return its exit code."""
    # Asked to end, it goes back to what is whole, and still says what it did.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        run = KINDS.get(words[0] if words else "")
        if run is None:
            raise DeployError(_USAGE)
        return run(words[1:])
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _manage(words: Sequence[str]) -> int:
    if not words:
        raise DeployError(_USAGE)
    boot_seconds = boot.start_django()
    if words[0] == "migrate" and not {"-h", "--help"} & set(words):
        database.wait_for_all()
        with _recorded("migrate", "migrate", boot_seconds) as result:
            print(migrate.summary(migrate.migrate_into(result, words[1:])), flush=True)
        return 0
    operation = "collectstatic" if words[0] == "collectstatic" else "manage"
    with _recorded(operation, words[0], boot_seconds) as result:
        return _ended(result, lambda: _django(words))


def _django(words: Sequence[str]) -> int:
    from django.core.management import ManagementUtility

    ManagementUtility(["manage.py", *words]).execute()
    return 0


def _ended(result: dict[str, Any], run: Callable[[], int]) -> int:
    """Run something, and note its exit code, also where it ends the process."""
    try:
        code = run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    if code:
        result.update(code=code, outcome="failed")
    return code


def _shell(words: Sequence[str]) -> int:
    shell = next(filter(None, map(shutil.which, ("bash", "sh"))), "sh")
    with _recorded("manage", "shell", 0.0, boots=0) as result:
        return _ended(result, lambda: _call([shell, *words]))


def _dbshell(words: Sequence[str]) -> int:
    alias, told = client_words(words)
    boot_seconds = boot.start_django()
    with _recorded("manage", "dbshell", boot_seconds) as result:
        return _ended(result, lambda: _ask(alias, told))


def _ask(alias: str, told: Sequence[str]) -> int:
    from django.db import connections

    if alias not in connections:
        raise DeployError(f"there is no database {alias!r}: there are {', '.join(connections)}")
    connection = connections[alias]
    client = connection.client.executable_name
    if shutil.which(client):
        return _django(["dbshell", f"--database={alias}", "--", *told])
    if connection.vendor == "sqlite" and sys.version_info >= _MODULE:
        name = str(connection.settings_dict["NAME"])
        return _call([sys.executable, "-m", "sqlite3", name, *told])
    raise DeployError(_without_client(client))


def _without_client(client: str) -> str:
    package = {"sqlite3": "sqlite3", "psql": "postgresql-client", "mysql": "default-mysql-client"}
    named = package.get(client, "DEBIAN-PACKAGE")
    return (
        f"the release has no program {client}, which the database is asked with: add the Debian "
        f"package that has it, `pulumi config set --path 'image.aptPackages[0]' {named} -s STACK` "
        "(or the next free number), and deploy; or use `manage shell` and the project's models"
    )


def _call(words: Sequence[str]) -> int:
    """Run a program on this one's terminal, which it gets the interrupts of."""
    # A function and not SIG_IGN, which the program would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    child = subprocess.Popen(words)
    try:
        code = child.wait()
    except SystemExit:
        child.send_signal(signal.SIGHUP)
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


@contextmanager
def _recorded(
    operation: str, command: str, boot_seconds: float, *, boots: int = 1
) -> Iterator[dict[str, Any]]:
    unseen = io.StringIO()
    with ledger.recorded(
        operation, ledger.BY_HAND, boots=boots, boot_seconds=boot_seconds, out=unseen
    ) as result:
        result["command"] = command
        yield result


KINDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "manage": _manage,
    "shell": _shell,
    "dbshell": _dbshell,
    "settings": settings_report.main,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
