"""The one error that this package shows to its users."""

from __future__ import annotations

from collections.abc import Sequence


class ToolchainError(Exception):
    """Something is wrong that the user can put right.

    `problem` says what is wrong and where, `remedy` what to do, `output` holds the last lines of
    the command that failed, if one did.
    """

    def __init__(self, problem: str, remedy: str = "", output: Sequence[str] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.output = tuple(output)

    def __str__(self) -> str:
        lines = [f"error: {self.problem}"]
        lines += [f"    {line}" for line in self.output]
        lines += [f"  {line}" for line in self.remedy.splitlines()]
        return "\n".join(lines)


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived: handled as Ctrl-C is, except that the child has not been told yet."""
