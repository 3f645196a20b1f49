"""Why dependencies could not be installed, with the commands that mend it, in one attempt."""

import subprocess
import sys

import pytest

from deploy_runtime.explain_install import error
from tests.unit.runtime_project import ROOT

FAILED = "  \u00d7 Failed to build `parcel==1`\n  The build backend returned an error\n"


@pytest.mark.parametrize(
    ("log", "packages"),
    [
        (
            "  \u00d7 Failed to download and build `parcel`\n  Git executable not found. Ensure",
            {"image.buildAptPackages": "git ca-certificates"},
        ),
        (
            FAILED + "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
            {"image.buildAptPackages": "gcc libc6-dev python3-dev"},
        ),
        (
            FAILED + "Error: pg_config executable not found.",
            {
                "image.buildAptPackages": "gcc libc6-dev python3-dev libpq-dev",
                "image.aptPackages": "libpq5",
            },
        ),
        (
            FAILED + "parcel.c:1:10: fatal error: Python.h: No such file",
            {"image.buildAptPackages": "gcc"},
        ),
        (FAILED + "error: can't find Rust compiler", {"image.buildAptPackages": "cargo"}),
    ],
)
def test_what_it_is_built_with_is_named_at_once(log: str, packages: dict[str, str]) -> None:
    text = error(log, file="requirements.txt", following="2 3")
    assert text.startswith("error: the dependencies in requirements.txt can't be installed:\n")
    for key, names in packages.items():
        first = {"image.aptPackages": 2, "image.buildAptPackages": 3}[key]
        for number, name in enumerate(names.split(), start=first):
            assert f"pulumi config set --path '{key}[{number}]' {name}" in text


def test_an_unknown_header_leads_to_where_it_is_found() -> None:
    text = error(FAILED + "a.c:1:10: fatal error: crane/hook.h: No such file\ngcc failed", file="r")
    assert "packages.debian.org says which package has crane/hook.h" in text


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        (
            "  \u00d7 Because parcel was not found in the package registry",
            "correct requirements.txt",
        ),
        ("error: Hash mismatch for `parcel`", "make the hashes of requirements.txt anew"),
        (
            "  \u00d7 the current Python version (3.13.5) does not satisfy Python>=3.14",
            "image.base",
        ),
        ("error: dns error: failed to lookup address", "registry can't be reached"),
    ],
)
def test_other_causes(log: str, remedy: str) -> None:
    text = error(log, file="requirements.txt")
    assert log.strip() in text
    assert remedy in text.partition("What to do:")[2]


def test_a_wall_of_compiler_output_is_cut() -> None:
    wall = "\n".join(f"note: line {n} of what a compiler says" for n in range(500))
    text = error(f"{FAILED}{wall}\nparcel.c:1:1: fatal error: Python.h: No such file\n", file="r")
    assert len(text.splitlines()) < 25
    assert "fatal error: Python.h" in text


def test_it_runs_as_a_plain_file(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy_runtime/explain_install.py"), "/dev/null"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().startswith("error: the dependencies in")
