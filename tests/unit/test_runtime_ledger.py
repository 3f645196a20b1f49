"""The ledger: what ran is recorded once, whoever else writes; writing it never fails anything."""

import errno
import fcntl
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime import ledger


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setenv("DEPLOY_LEDGER", str(path))
    monkeypatch.setenv("DEPLOY_DEPLOYMENT", "shop")
    monkeypatch.setenv("RELEASE", "abc")
    return path


def records(file: Path) -> list[ledger.Record]:
    return ledger.parse(file.read_bytes())[0]


def record(**result: Any) -> None:
    with ledger.recorded("migrate", "startup", boots=1, out=io.StringIO()) as entry:
        entry.update(result)


def test_a_record_says_what_ran_where_and_what_came_of_it(file: Path) -> None:
    record(applied=2, migrations=["a.1", "a.2"])
    (found,) = records(file)
    assert found.pop("seconds") >= found.pop("boot_seconds") == 0
    assert len(found.pop("id")) == 32
    assert found.pop("start").endswith("+00:00")
    assert found.pop("container")
    assert found == {
        "deployment": "shop",
        "release": "abc",
        "operation": "migrate",
        "point": "startup",
        "boots": 1,
        "result": {"applied": 2, "migrations": ["a.1", "a.2"], "outcome": "done"},
    }


def test_it_is_printed_as_well_without_its_lists(file: Path) -> None:
    out = io.StringIO()
    with ledger.recorded("migrate", "job", boots=1, out=out) as entry:
        entry.update(applied=1, migrations=["a.1"])
    word, _, text = out.getvalue().partition(" ")
    assert word == "ledger"
    assert json.loads(text)["id"] == records(file)[0]["id"]
    assert json.loads(text)["result"] == {"applied": 1, "outcome": "done"}


def test_ids_are_handed_to_who_asks(file: Path) -> None:
    ids: list[str] = []
    with ledger.recorded("seed", "job", boots=0, out=io.StringIO(), ids=ids):
        pass
    assert ids == [found["id"] for found in records(file)]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_a_failure_is_recorded_and_goes_on(file: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with ledger.recorded("migrate", "job", boots=1, out=io.StringIO()) as entry:
            entry["applied"] = 1
            raise error

    with pytest.raises(error):
        fail()
    assert records(file)[0]["result"] == {"applied": 1, "outcome": "failed"}


def test_a_block_may_name_its_outcome(file: Path) -> None:
    record(outcome="nothing to collect")
    assert records(file)[0]["result"]["outcome"] == "nothing to collect"


WRITER = """
import io, sys
from deploy_runtime import ledger
for number in range(40):
    with ledger.recorded("migrate", "startup", boots=1, out=io.StringIO()) as entry:
        entry["text"] = sys.argv[1] * 3000
"""


def test_many_writers_lose_and_mix_nothing(file: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = records(file)
    assert len({entry["id"] for entry in found}) == 120
    assert ledger.parse(file.read_bytes())[1] == 0


def test_the_oldest_records_give_way(file: Path) -> None:
    for number in range(30):
        record(number=number, text="x" * 30_000)
        assert file.stat().st_size <= ledger.LIMIT
    numbers = [entry["result"]["number"] for entry in records(file)]
    assert numbers[-1] == 29
    assert numbers == list(range(numbers[0], 30))


def test_small_ones_are_bounded_by_their_number(file: Path) -> None:
    line = json.dumps({"id": "1", "operation": "o", "point": "p", "start": "", "result": {}})
    file.write_text(f"{line}\n" * (ledger.LIMIT // len(line)))
    record()
    assert len(records(file)) == ledger.KEPT + 1


def test_a_huge_record_loses_its_lists_alone(file: Path) -> None:
    record(applied=9, migrations=["x" * 100] * 1000)
    assert records(file)[0]["result"] == {"applied": 9, "outcome": "done"}


@pytest.mark.parametrize(
    "damage", [b'{"id": "torn', b"\x00\xff\xfe garbage\n", b"[1]\nnull\n{}\n", b"\n\n"]
)
def test_damage_costs_no_other_record(file: Path, damage: bytes) -> None:
    record(number=1)
    with file.open("ab") as stream:
        stream.write(damage)
    record(number=2)
    assert [entry["result"]["number"] for entry in records(file)] == [1, 2]


def test_what_is_no_record_is_counted() -> None:
    assert ledger.parse(b"") == ([], 0)
    assert ledger.parse(b'no\n{}\n{"id": 1}\n\n') == ([], 3)


def broken_folder(file: Path, _: pytest.MonkeyPatch) -> None:
    file.parent.rmdir()


def a_folder_in_its_place(file: Path, _: pytest.MonkeyPatch) -> None:
    file.mkdir()


def read_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: Any, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)


def full_disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))


def locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    monkeypatch.setattr(ledger, "_PATIENCE", 0.05)


@pytest.mark.parametrize(
    "obstacle", [broken_folder, a_folder_in_its_place, read_only, full_disk, locked]
)
def test_what_prevents_writing_is_a_warning(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], obstacle: Any
) -> None:
    obstacle(file, monkeypatch)
    out = io.StringIO()
    with ledger.recorded("migrate", "startup", boots=1, out=out) as entry:
        entry["applied"] = 3
    assert '"applied": 3' in out.getvalue()
    warning = capsys.readouterr().err
    assert warning.startswith(f"warning: ledger: migrate is not recorded in {file}: ")
    assert len(warning.splitlines()) == 1


def test_a_full_disk_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(number=1)
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        full_disk(file, patch)
        record(number=2)
    assert file.read_bytes() == before


def test_an_output_that_is_closed_is_no_reason_either(file: Path) -> None:
    out = io.StringIO()
    out.close()
    with ledger.recorded("migrate", "startup", boots=1, out=out):
        pass
    assert len(records(file)) == 1


def entry(id_: str, start: str = "2030-01-01", **more: Any) -> ledger.Record:
    base = {"id": id_, "start": start, "operation": "migrate", "point": "startup", "result": {}}
    return {**base, **more}


def test_every_record_counts_once_and_in_order() -> None:
    read = [entry("b", "2030-02"), entry("a", "2030-01"), entry("b", "2030-02")]
    assert [found["id"] for found in ledger.once(read)] == ["a", "b"]
    assert ledger.counted(read)["migrate", "startup"]["runs"] == 2


def test_applied_migrations_are_counted_apart_from_calls() -> None:
    read = [
        entry("a", seconds=1.5, boots=1, result={"applied": 3}),
        entry("b", seconds=0.25, boots=1, result={"applied": 0}),
        entry("c", point="job", boots=1, result={"applied": "?"}),
    ]
    assert ledger.counted(read) == {
        ("migrate", "startup"): {"runs": 2, "applied": 3, "seconds": 1.75, "boots": 2},
        ("migrate", "job"): {"runs": 1, "applied": 0, "seconds": 0.0, "boots": 1},
    }


def test_a_start_of_django_is_part_of_what_it_was_for(file: Path) -> None:
    out = io.StringIO()
    with ledger.recorded("migrate", "job", boots=1, boot_seconds=1.5, out=out):
        pass
    with ledger.recorded("seed", "job", boots=0, out=out):
        pass
    first, second = records(file)
    assert (first["boots"], first["boot_seconds"]) == (1, 1.5)
    assert first["seconds"] >= 1.5
    assert (second["boots"], second["boot_seconds"]) == (0, 0)
