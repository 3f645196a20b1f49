"""Runs a command as Pulumi or a person does: what it is told, how it ends, and what it says."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


class Command:
    """What a command is run by, in this process.

    Attributes:
        out: what the last one printed for the program that ran it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.out = ""
        self._patch, self._printed = monkeypatch, capsys

    def environ(self, **variables: str) -> None:
        """Set variables of the environment that commands find."""
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def says(self, main: Callable[..., object], *given: Any, words: Sequence[str] = ()) -> str:
        """Run one that has to succeed; returns what it said to people.

        Args:
            main: the function that is the command, or a part of it.
            given: that function's arguments.
            words: those on the command line.
        """
        self._patch.setattr("sys.argv", ["command", *words])
        self._printed.readouterr()
        main(*given)
        self.out, said = self._printed.readouterr()
        return said

    def fails(
        self, main: Callable[..., object], *given: Any, words: Sequence[str] = (), code: int = 1
    ) -> str:
        """Run one that has to end with this exit code; the rest is as in `says`."""

        def ends() -> None:
            with pytest.raises(SystemExit) as ended:
                main(*given)
            assert ended.value.code == code

        return self.says(ends, words=words)
