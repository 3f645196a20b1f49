"""An ssh server's program, for the tests of sites on another host; none is started here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import apt
from .daemon import SERVER_PATHS
from .progress import Step

_PACKAGE = "openssh-server"
# Debian's way to say that the package's own service is not to be started.
_NOT_TO_BE_RUN = Path("ssh/sshd_not_to_be_run")


def find() -> str | None:
    """The path of sshd; None where this machine has none."""
    # Its folder is on the PATH of root only, if that.
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:{SERVER_PATHS}")


def ensure(step: Step, etc: Path = apt.ETC) -> None:
    """Sees to it that there is one, where this may install it; tests that need one say the rest.

    Args:
        step: is told what is done.
        etc: the folder of the machine's settings.
    """
    if there := find():
        step.already(there)
    elif not apt.is_root() or not apt.available():
        step.done(f"none: tests over ssh fail. On Debian:  sudo apt-get install {_PACKAGE}")
    else:
        step.say(f"Installing {_PACKAGE} with apt-get, for tests; its service is not started")
        mark = etc / _NOT_TO_BE_RUN
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        apt.refresh(step)
        apt.install([_PACKAGE], step)
        step.done(f"{find()}, installed")
