"""What is read from Debian's own files."""

from pathlib import Path

import pytest

from toolchain import apt
from toolchain.apt import Source

DEB822 = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Types: deb-src
URIs: http://mirror.example/sources
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/disabled
Suites: bookworm
Components: main
"""

ONE_LINE = """\
# deb http://mirror.example/commented bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # why not
deb-src http://mirror.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
"""


def test_deb822_keeps_enabled_binary_sources() -> None:
    assert apt.parse_deb822(DEB822) == [
        Source(
            "http://mirror.example/debian",
            ("bookworm", "bookworm-updates"),
            ("main", "contrib"),
            "/usr/share/keyrings/example.gpg",
        )
    ]


def test_one_line_format_reads_options() -> None:
    first, *_ = apt.parse_one_line(ONE_LINE)
    assert first == Source(
        "http://mirror.example/debian", ("bookworm",), ("main", "contrib"), "/k.gpg"
    )


def test_one_line_format_skips_comments_and_source_code() -> None:
    assert all("commented" not in source.uri for source in apt.parse_one_line(ONE_LINE))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source("http://m/debian", ("trixie",), ("main",)), True),
        (Source("https://m/debian", ("bookworm", "trixie"), ("main",)), True),
        (Source("file:/srv/mirror", ("trixie",), ("main",)), True),
        (Source("cdrom:[Debian]/", ("trixie",), ("main",)), False),
        (Source("http://m/debian", ("bookworm",), ("main",)), False),
        (Source("http://m/debian", ("trixie",), ("contrib",)), False),
    ],
)
def test_find_suite(source: Source, found: bool) -> None:
    assert (apt.find_suite([source], "trixie") is source) is found


def test_machine_sources_reads_both_formats_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "apt" / "sources.list.d"
    folder.mkdir(parents=True)
    (tmp_path / "apt" / "sources.list").write_text("deb http://a/debian trixie main\n")
    (folder / "b.sources").write_text(DEB822)
    (folder / "c.list.save").write_text("deb http://c/debian trixie main\n")
    uris = [source.uri for source in apt.machine_sources(tmp_path)]
    assert uris == ["http://a/debian", "http://mirror.example/debian"]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert apt.machine_sources(tmp_path) == []


def test_os_release_drops_quotes() -> None:
    facts = apt.os_release('NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=trixie\n')
    assert facts == {"NAME": "Debian GNU/Linux", "ID": "debian", "VERSION_CODENAME": "trixie"}
