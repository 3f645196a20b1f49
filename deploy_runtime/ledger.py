"""The ledger: what ran, recorded by what ran itself, one line of JSON for each operation.

Records of the image's build live in the image; all others in a volume of the deployment, and on
the output of what ran. Writing one never makes anything fail: a file that can't be written is a
warning. Standard library only, so that whoever reads a ledger needs nothing else either.
"""

import fcntl
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from .places import LEDGER, RUNTIME

FILE = f"{LEDGER}/ledger.jsonl"
IMAGE_FILE = f"{RUNTIME}/ledger.jsonl"

BY_HAND = "one-off"
"""Where a command ran that somebody asked for by hand: no plan has it."""

APPEND = f"""
import sys
from pathlib import Path
from {__package__} import ledger
for line in sys.stdin:
    ledger.append(Path(ledger.FILE), line.strip())
"""
"""What Python is told in a container with the ledger's volume, to enter records line by line."""

LIMIT = 512 * 1024  # bytes; a file that would grow beyond loses its oldest records
KEPT = 1000  # records that it keeps then, if they fit into half of it
_LINE = 64 * 1024  # bytes of one record
_PATIENCE = 5.0  # seconds for another writer to finish

Record = dict[str, Any]


@contextmanager
def recorded(
    operation: str,
    point: str,
    *,
    boots: int,
    boot_seconds: float = 0.0,
    out: TextIO | None = None,
    ids: list[str] | None = None,
    file: str = FILE,
) -> Iterator[dict[str, Any]]:
    """Record the operation that the block carries out, whether it succeeds or fails.

    The block fills in the result that it is given; its `outcome` is "done" or "failed" unless the
    block says something else.

    Args:
        operation: "migrate", "collectstatic" or "seed"; "manage" for any other command.
        point: "build", "startup", "job", or `BY_HAND`.
        boots: starts of Django that the operation cost; 0 for one in a process that counted.
        boot_seconds: how long they took. They are part of what the operation took.
        out: where the record is printed too; None for stdout.
        ids: gets the record's id.
        file: the ledger; the variable DEPLOY_LEDGER names another one.
    """
    result: dict[str, Any] = {}
    began, started = datetime.now(UTC), time.monotonic()
    try:
        yield result
        result.setdefault("outcome", "done")
    except BaseException:
        result["outcome"] = "failed"
        raise
    finally:
        record: Record = {
            "id": uuid.uuid4().hex,
            "deployment": os.environ.get("DEPLOY_DEPLOYMENT", ""),
            "release": os.environ.get("RELEASE", ""),
            "container": socket.gethostname(),
            "operation": operation,
            "point": point,
            "start": began.isoformat(timespec="milliseconds"),
            "seconds": round(boot_seconds + time.monotonic() - started, 3),
            "boots": boots,
            "boot_seconds": round(boot_seconds, 3),
            "result": result,
        }
        if ids is not None:
            ids.append(record["id"])
        write(record, Path(os.environ.get("DEPLOY_LEDGER") or file), out or sys.stdout)


def write(record: Record, path: Path, out: TextIO) -> None:
    """Append a record to a file, and print it without its lists; what goes wrong is a warning."""
    line, short = json.dumps(record), json.dumps(_shortened(record))
    try:
        append(path, line if len(line) <= _LINE else short)
    except OSError as error:
        _warn(f"{record['operation']} is not recorded in {path}: {error.strerror or error}")
    with suppress(OSError, ValueError):
        print(f"ledger {short}", file=out, flush=True)


def append(path: Path, line: str) -> None:
    """Append a line in one piece, whoever else writes; the oldest ones give way.

    Raises:
        OSError: it can't be written. The file is as it was before.
    """
    with _locked(path.parent):
        _rotate(path)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(file).st_size
            # Whatever ended in the middle of a line doesn't take this one along.
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            data = f"{chr(10) if torn else ''}{line}\n".encode()
            if os.write(file, data) != len(data):
                os.ftruncate(file, size)
                raise OSError("the disk is full")
        finally:
            os.close(file)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # The folder rather than the file: rotation puts another one in the file's place.
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise TimeoutError("another process holds it")
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _rotate(path: Path) -> None:
    if not path.exists() or path.stat().st_size <= LIMIT - _LINE:
        return
    lines = path.read_bytes().splitlines(keepends=True)[-KEPT:]
    room = LIMIT // 2
    kept: list[bytes] = []
    for line in reversed(lines):
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    half_made = path.with_suffix(".tmp")
    half_made.write_bytes(b"".join(reversed(kept)))
    half_made.replace(path)


def _shortened(record: Record) -> Record:
    result = {k: v for k, v in record["result"].items() if not isinstance(v, list | dict)}
    return {**record, "result": result}


def _warn(text: str) -> None:
    with suppress(OSError, ValueError):
        print(f"warning: ledger: {text}", file=sys.stderr, flush=True)


def parse(content: bytes) -> tuple[list[Record], int]:
    """The records in a ledger's content, and how many of its lines are none."""
    lines = [line for line in content.splitlines() if line.strip()]
    records = [record for line in lines if (record := _record(line))]
    return records, len(lines) - len(records)


def _record(line: bytes) -> Record | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    wanted = {"id": str, "operation": str, "point": str, "start": str, "result": dict}
    if not isinstance(value, dict):
        return None
    return value if all(isinstance(value.get(k), t) for k, t in wanted.items()) else None


def once(records: Iterable[Record]) -> list[Record]:
    """Every record once, oldest first, however often it was read."""
    found = {record["id"]: record for record in records}
    return sorted(found.values(), key=lambda record: str(record["start"]))


def counted(records: Iterable[Record]) -> dict[tuple[str, str], dict[str, float]]:
    """For each operation and point: runs, migrations applied, seconds and starts of Django."""
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for record in once(records):
        key = (record["operation"], record["point"])
        cell = cells.setdefault(key, {"runs": 0, "applied": 0, "seconds": 0.0, "boots": 0})
        cell["runs"] += 1
        cell["applied"] += _number(record["result"].get("applied"))
        cell["seconds"] = round(cell["seconds"] + _number(record.get("seconds")), 3)
        cell["boots"] += _number(record.get("boots"))
    return cells


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
