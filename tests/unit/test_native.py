"""What requirements need of Debian is known from their names, before anything is built."""

from pathlib import Path

import pytest

from components.image.native_packages import needs
from components.image.project import find_project

UV_LOCK = """
version = 1
[[package]]
name = "psycopg-c"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "parcel"
source = { git = "https://git.example/parcel?rev=1" }
"""


def project(folder: Path, **files: str) -> Path:
    (folder / "site").mkdir()
    (folder / "site/settings.py").touch()
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "build", "run"),
    [
        ("django\npillow\npsycopg[binary]\n", set(), set()),
        ("psycopg[c,pool]==3.2 ; python_version > '3'", {"gcc", "libpq-dev"}, {"libpq5"}),
        ("Psycopg2>=2.9\n", {"libpq-dev"}, {"libpq5"}),
        ("psycopg2-binary\n", set(), set()),
        ("uWSGI\n", {"gcc", "libc6-dev", "python3-dev"}, set()),
        ("mysqlclient\nuwsgi", {"pkg-config"}, {"libmariadb3"}),
        ("parcel @ git+https://git.example/parcel@v1", {"git"}, set()),
        ("-e git+ssh://git@git.example/parcel#egg=parcel", {"git"}, set()),
        ("# psycopg2 and git+https are for later\n", set(), set()),
        ("django  # psycopg2, git+https\n", set(), set()),
    ],
)
def test_of_requirements(tmp_path: Path, text: str, build: set[str], run: set[str]) -> None:
    found = needs(
        find_project(project(tmp_path, requirements_txt=text), settings_module="site.settings")
    )
    assert build <= set(found.build)
    assert run <= set(found.run)
    assert bool(found.of) is bool(build)


def test_of_what_requirements_include(tmp_path: Path) -> None:
    root = project(tmp_path, requirements_txt="-r more.txt", more_txt="psycopg2")
    assert needs(find_project(root, settings_module="site.settings")).of == ("psycopg2",)


def test_of_a_pyproject_and_its_lock(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        pyproject_toml='[project]\nname = "a"\ndependencies = ["uwsgi"]\n',
        uv_lock=UV_LOCK,
    )
    found = needs(find_project(root, settings_module="site.settings"))
    assert found.of == ("git+", "psycopg-c", "uwsgi")
