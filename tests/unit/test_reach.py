"""What commands say where no Docker daemon answers, before they ask it anything else."""

import subprocess
from typing import Any

import pytest

from components.data import restore
from components.host import reach
from components.ledger import show
from components.migrations import window
from components.operate import logs, one_off, status
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

BY_SSH = (
    "error during connect: Get http://a: command [ssh -l ada -- web1 docker system dial-stdio] has "
    "exited with exit status 255: stderr=Host key verification failed.\n\n"
)


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (status.main, ["shop"]),
        (logs.main, ["shop", "--follow"]),
        (one_off.main, ["shop", "dbshell"]),
        (restore.main, ["shop"]),
        (show.main, ["shop"]),
        (window.main, ["shop"]),
    ],
)
def test_every_command_says_why_and_what_mends_it(
    cli: FakeDocker, command: Command, main: Any, words: list[str]
) -> None:
    cli.on("version --format", code=1, err=BY_SSH)
    cli.on("context inspect", out="ssh://ada@web1\n")
    said = command.fails(main, words=words)
    what, mends = said.splitlines()
    assert what == "no daemon answers at ssh://ada@web1: Host key verification failed."
    assert mends.startswith("What to do: the host's key is not known here: `ssh ada@web1 true`")
    assert len(cli.calls) == 2, "nothing else is asked of it"


def test_a_host_that_keeps_silent_is_not_waited_for(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def docker(*_: str, **options: Any) -> Any:
        raise subprocess.TimeoutExpired("docker", options["timeout"])

    monkeypatch.setattr(reach, "docker", docker)
    assert reach.problem() == "it did not answer within 15 s"
