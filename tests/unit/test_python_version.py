"""The Python that a project asks for is the one that it gets, or is told of."""

from pathlib import Path

import pytest

from components.errors import UserError
from components.image.project import find_project
from components.image.python_version import allows, fitting_base

BOOTSTRAPPED = ("django-on-docker/base:trixie", "bootstrapped")
REGISTRYS = ("python:3.13-slim-trixie", "pulled")


def chosen(
    folder: Path,
    *available: str,
    pin: str = "",
    spec: str = "",
    base: tuple[str, str] = BOOTSTRAPPED,
) -> tuple[str, str]:
    (folder / "site").mkdir()
    (folder / "site/settings.py").touch()
    requires = f'requires-python = "{spec}"' if spec else ""
    (folder / "pyproject.toml").write_text(f'[project]\nname = "a"\ndependencies = []\n{requires}')
    if pin:
        (folder / ".python-version").write_text(f"{pin}\n")
    project = find_project(folder, settings_module="site.settings")
    return fitting_base(project, base, can_get=lambda name: name in available)


@pytest.mark.parametrize("base", [BOOTSTRAPPED, REGISTRYS, ("mine:1", "configured")])
@pytest.mark.parametrize(("pin", "spec"), [("", ""), ("3.13", ""), ("", ">=3.12"), ("3.13.1", "")])
def test_a_base_that_fits_is_taken(
    tmp_path: Path, pin: str, spec: str, base: tuple[str, str]
) -> None:
    assert chosen(tmp_path, pin=pin, spec=spec, base=base) == base


@pytest.mark.parametrize(
    ("pin", "spec", "image"),
    [
        ("3.12", "", "python:3.12-slim-trixie"),
        ("cpython-3.12.4", ">=3.10", "python:3.12-slim-trixie"),
        ("", ">=3.10,<3.13", "python:3.12-slim-trixie"),
        ("", "==3.11.*", "python:3.11-slim-trixie"),
        ("", ">3.13", "python:3.14-slim-trixie"),
    ],
)
def test_another_one_is_taken_from_a_registry(
    tmp_path: Path, pin: str, spec: str, image: str
) -> None:
    found, why = chosen(tmp_path, image, pin=pin, spec=spec)
    assert found == image
    assert ("asks for Python 3.12" in why) if pin else (spec in why)


def test_what_developers_pin_is_not_all_that_the_project_allows(tmp_path: Path) -> None:
    assert chosen(tmp_path, pin="3.12", spec=">=3.11") == BOOTSTRAPPED


@pytest.mark.parametrize(
    ("pin", "spec", "says"),
    [
        ("3.12", "", ".python-version asks for Python 3.12"),
        ("", "<3.13", "requires-python is '<3.13'"),
        ("3.12", "<3.13", "asks for Python 3.12 and requires-python is '<3.13'"),
    ],
)
def test_one_that_cannot_be_had_is_said(tmp_path: Path, pin: str, spec: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        chosen(tmp_path, pin=pin, spec=spec)
    assert says in str(refused.value)
    assert "but the base image django-on-docker/base:trixie has Python 3.13" in str(refused.value)
    assert "`docker pull python:3.12-slim-trixie`" in str(refused.value)
    assert "pulumi config set --path image.base" in str(refused.value)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        ("", True),
        (">=3.12", True),
        (">=3.13.2", True),
        (">=3.14", False),
        (">3.13", False),
        (">3.13.0", True),
        ("<3.13", False),
        ("<3.13.5", True),
        ("<4", True),
        ("<=3.12", False),
        ("~=3.11", True),
        ("~=3.12.1", False),
        ("==3.*", True),
        ("==3.12.*", False),
        ("!=3.13", False),
        ("!=3.13.1", True),
        (">= 3.10, < 3.13", False),
    ],
)
def test_which_versions_are_allowed(spec: str, allowed: bool) -> None:
    assert allows(spec, (3, 13)) is allowed
