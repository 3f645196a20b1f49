"""Errors that a user can mend: what is wrong, where, and what to do; never a stack trace."""

from collections.abc import Sequence

import pulumi


class UserError(pulumi.RunError):
    """A mistake or a state of the host that the user can put right.

    Pulumi prints a `RunError` without a stack trace.

    Args:
        summary: what is wrong, in one line.
        problems: one line for each thing to mend; empty if the summary says it all.
    """

    def __init__(self, summary: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([summary, *(f"  - {problem}" for problem in problems)]))
