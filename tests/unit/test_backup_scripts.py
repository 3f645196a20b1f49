"""The shell that runs beside PostgreSQL's tools: what it makes of what it is handed."""

import base64
import re
import subprocess
from pathlib import Path

import pytest

from components import inside
from components.data import backups


def run(script: str, *words: str, stdin: str = "", folder: Path) -> None:
    text = re.sub(rf"(/dev/shm|/tmp|{inside.BACKUPS})\b", str(folder), script)
    subprocess.run(["sh", "-c", text, "script", *words], input=stdin, text=True, check=True)


def test_files_that_the_service_names_are_made_of_what_is_handed_on(tmp_path: Path) -> None:
    content = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n" * 99).decode()
    given = f"[deployment]\nsslrootcert=/dev/shm/sslrootcert\n#file sslrootcert {content}\n"
    run(backups._SERVICE, stdin=given, folder=tmp_path)
    assert (tmp_path / "sslrootcert").read_bytes().count(b"BEGIN CERTIFICATE") == 99
    assert (tmp_path / "sslrootcert").stat().st_mode & 0o777 == 0o600
    service = (tmp_path / "service.conf").read_text()
    assert service == "[deployment]\nsslrootcert=/dev/shm/sslrootcert\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["service.conf", "sslrootcert"]


@pytest.mark.parametrize("tools", [15, 17])
def test_an_older_server_is_not_asked_for_what_it_does_not_know(tmp_path: Path, tools: int) -> None:
    head = "SET statement_timeout = 0;\n"
    head += "SET transaction_timeout = 0;\n" if tools >= 17 else ""
    dump = f"{head}CREATE SCHEMA public;\nCOPY public.note (text) FROM stdin;\n"
    (tmp_path / "restore.sql").write_text(dump)
    (line,) = [
        x for x in backups._RESTORE.replace("\\\n", "").splitlines() if x.startswith("sed -i")
    ]
    run(line, folder=tmp_path)
    left = (tmp_path / "restore.sql").read_text()
    assert left == "SET statement_timeout = 0;\nCOPY public.note (text) FROM stdin;\n"


def test_what_interrupted_copies_left_goes_with_the_next_one(tmp_path: Path) -> None:
    for name in (".1.sqlite3.tmp", ".1.sqlite3.tmp-journal", ".2.dump.tmp", "3.dump", "5.damaged"):
        (tmp_path / name).touch()
    (tmp_path / "4.sqlite3").touch()
    run(backups._FINISH, "4", "5", stdin="{}", folder=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["4.json", "4.sqlite3", "5.damaged"]


def test_what_was_just_made_stays_whatever_the_clocks_of_others_were(tmp_path: Path) -> None:
    for name in ("2027", "2028", "2029"):
        (tmp_path / f"{name}.json").touch()
        (tmp_path / f"{name}.dump").touch()
    (tmp_path / "2026.dump").touch()
    run(backups._FINISH, "2026", "2", stdin="{}", folder=tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == ["2026.dump", "2026.json", "2029.dump", "2029.json"]
    run(backups._FINISH, "2030", "1", stdin="{}", folder=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2030.json"]
