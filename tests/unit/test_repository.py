"""What must never be committed: a stack's own salt or secrets, which belong to one machine."""

import subprocess
from pathlib import Path

import pytest


def committed() -> list[str]:
    command = ["git", "ls-files", "stacks"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.split()


@pytest.mark.parametrize("file", committed())
def test_no_stack_brings_a_salt_or_a_secret(file: str) -> None:
    shown = subprocess.run(
        ["git", "show", f"HEAD:{Path(file).as_posix()}"], capture_output=True, text=True, check=True
    ).stdout
    assert "encryptionsalt" not in shown
    assert "secure:" not in shown
