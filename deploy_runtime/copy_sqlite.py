"""Copies and restores a SQLite database: `python - VERB FROM TO < copy_sqlite.py`.

It is handed to whatever Python is at hand on standard input, so that it works with the image of an
older release too. Standard library only.

`copy` and `restore` write beside the target and put the whole thing in its place at the end. `copy`
is SQLite's online backup: whoever writes meanwhile goes on. `restore` and `set_aside` are for a
database that nobody has open.
"""

import os
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Write a whole and checked copy of a database that may be in use.

    Raises:
        OSError, sqlite3.Error: it can't be read or written, or the copy isn't whole.
    """
    half_made = target.with_name(f".{target.name}.tmp")
    half_made.unlink(missing_ok=True)
    half_made.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True, timeout=60)) as used,
            closing(sqlite3.connect(half_made)) as made,
        ):
            used.backup(made)
            # A file of its own: the mode of the original would need two more beside it.
            made.execute("PRAGMA journal_mode=DELETE")
        check(half_made)
        half_made.replace(target)
    finally:
        half_made.unlink(missing_ok=True)


def check(file: Path) -> None:
    """Is a database whole?

    Raises:
        sqlite3.DatabaseError: it isn't.
    """
    with closing(sqlite3.connect(file)) as database:
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(f"{file.name} is damaged: {said}")


def restore(source: Path, target: Path) -> None:
    """Put a copy in a database's place, with the owner and the mode that the database has.

    Whenever that is cut off, there is a database: a site that found none would begin an empty one.

    Raises:
        OSError, sqlite3.Error: the copy isn't whole, or can't be put there. The database is as it
            was, unless the copy is in its place.
    """
    owner = (target if target.exists() else target.parent).stat()
    half_made = target.with_name(f".{target.name}.restored")
    try:
        half_made.unlink(missing_ok=True)
        half_made.touch(mode=0o600)
        shutil.copyfile(source, half_made)
        check(half_made)
        os.chown(half_made, owner.st_uid, owner.st_gid)
        half_made.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        with half_made.open("rb") as file:
            os.fsync(file.fileno())
        _settle(target)
        for suffix in ("-wal", "-shm", "-journal"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        half_made.replace(target)
    finally:
        half_made.unlink(missing_ok=True)


def _settle(file: Path) -> None:
    """Have a database take over into its file what is beside it.

    That must not be read into the one that comes into its place. A damaged one can't do it; it was
    kept with all its files before.
    """
    if file.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=5)) as database:
            database.execute("PRAGMA journal_mode=DELETE")


def set_aside(source: Path, target: Path) -> None:
    """Keep the files of a database that may be damaged, or may not be there at all.

    Raises:
        OSError: one of them can't be read, or written there.
    """
    target.touch(mode=0o600)
    for suffix, file in (
        ("", source),
        *((end, source.with_name(source.name + end)) for end in ("-wal", "-journal")),
    ):
        if file.exists():
            shutil.copyfile(file, target.with_name(target.name + suffix))
            target.with_name(target.name + suffix).chmod(0o600)


def main(words: list[str]) -> int:
    """Do what the words say; return the exit code."""
    try:
        {"copy": copy, "restore": restore, "set_aside": set_aside}[words[0]](
            Path(words[1]), Path(words[2])
        )
    except (OSError, sqlite3.Error) as error:
        print(f"{words[1]}: {error}", file=sys.stderr)
        return 1
    print(Path(words[2]).stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
