"""The search for secrets on a whole machine finds what is there."""

from pathlib import Path

from tests import sentinels


def test_what_is_searched_for_is_found_in_each_spelling(tmp_path: Path) -> None:
    since = tmp_path / "now"
    since.touch()
    for kind, value in (("word", sentinels.password()), ("file", sentinels.lines())):
        for spelling, text in sentinels.spellings(value).items():
            (tmp_path / f"{kind} {spelling}".replace("/", "-")).write_bytes(b"\0" + text + b"\xff")
        found = sentinels.search([tmp_path], {kind: value}, since=since)
        written = {file.name for file in tmp_path.glob(f"{kind} *")}
        assert {Path(hit.file).name for hit in found} == written
