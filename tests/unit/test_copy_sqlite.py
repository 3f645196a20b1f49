"""Copies of a SQLite file: whole while others write, and put back with nothing of the old one."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from deploy_runtime import copy_sqlite


def rows(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [row[0] for row in database.execute("SELECT name FROM thing ORDER BY name")]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "site.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE thing (name TEXT)")
        database.execute("INSERT INTO thing VALUES ('anchor')")
        database.commit()
    return file


def write_and_be_killed(site: Path) -> None:
    """What was written last is beside the file."""
    used = sqlite3.connect(site)
    used.execute("INSERT INTO thing VALUES ('buoy')")
    used.commit()
    left = {path: path.read_bytes() for path in site.parent.glob("site.sqlite3-*")}
    used.close()
    for path, content in left.items():
        path.write_bytes(content)


@pytest.fixture
def target(site: Path, tmp_path: Path) -> Path:
    """A copy of the site's file."""
    made = tmp_path / "copy.sqlite3"
    copy_sqlite.copy(site, made)
    return made


def test_a_copy_has_what_is_not_in_the_file_itself_yet(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(site)) as used:
        used.execute("INSERT INTO thing VALUES ('buoy')")
        used.commit()
        assert site.with_name("site.sqlite3-wal").stat().st_size > 0
        copy_sqlite.copy(site, target)
    assert rows(target) == ["anchor", "buoy"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir() if "copy" in p.name) == ["copy.sqlite3"]


def test_it_is_put_back_and_nothing_of_the_old_one_is_read_into_it(
    site: Path, target: Path, tmp_path: Path
) -> None:
    site.chmod(0o640)
    write_and_be_killed(site)
    copy_sqlite.restore(target, site)
    assert rows(site) == ["anchor"]
    assert site.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.sqlite3", "site.sqlite3"]


def test_a_damaged_copy_is_not_put_back(site: Path, target: Path) -> None:
    content = bytearray(target.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    target.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError):
        copy_sqlite.restore(target, site)
    assert rows(site) == ["anchor"]


def test_a_database_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        copy_sqlite.copy(tmp_path / "none.sqlite3", tmp_path / "copy.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_it_runs_from_standard_input(site: Path, tmp_path: Path) -> None:
    script = Path(copy_sqlite.__file__).read_text()
    target = tmp_path / "copy.sqlite3"
    words = [sys.executable, "-I", "-", "copy", str(site), str(target)]
    done = subprocess.run(words, input=script, capture_output=True, text=True, check=True)
    assert int(done.stdout) == target.stat().st_size
    words[-2] = "/nonexistent"
    failed = subprocess.run(words, input=script, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "/nonexistent: unable to open database file" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_what_is_damaged_is_kept_as_it_is(site: Path, tmp_path: Path) -> None:
    site.write_bytes(b"no database")
    site.with_name("site.sqlite3-wal").write_bytes(b"nor this")
    folder = tmp_path / "backups"
    folder.mkdir()
    target = folder / "20260102T030405Z.damaged"
    assert copy_sqlite.main(["set_aside", str(site), str(target)]) == 0
    assert copy_sqlite.main(["copy", str(site), str(folder / "copy.sqlite3")]) == 1
    kept = {p.name.partition(".")[2]: p.read_bytes() for p in folder.iterdir()}
    assert kept == {"damaged": b"no database", "damaged-wal": b"nor this"}
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}


def test_whenever_it_is_cut_off_there_is_a_database(
    site: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_be_killed(site)

    def cut_off(self: Path, _target: Path) -> None:
        raise KeyboardInterrupt(self)

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        copy_sqlite.restore(target, site)
    assert rows(site) == ["anchor", "buoy"]


def test_a_damaged_database_is_replaced_with_all_that_is_beside_it(
    site: Path, target: Path, tmp_path: Path
) -> None:
    site.write_bytes(b"no database")
    site.with_name("site.sqlite3-wal").write_bytes(b"nor this")
    copy_sqlite.restore(target, site)
    assert rows(site) == ["anchor"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.sqlite3", "site.sqlite3"]
