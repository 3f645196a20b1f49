"""Errors that a user can mend: what is wrong, where, and what to do; never a stack trace."""

import signal
from collections.abc import Sequence

import pulumi


class UserError(pulumi.RunError):
    """A mistake or a state of the host that the user can put right.

    Pulumi prints a `RunError` without a stack trace. Where a text says `-s STACK`, in a command to
    copy, the name of the stack that is being deployed takes its place.

    Args:
        summary: what is wrong, in one line.
        problems: one line for each thing to mend; empty if the summary says it all.
    """

    def __init__(self, summary: str, problems: Sequence[str] = ()) -> None:
        self.summary, self.problems = for_stack(summary), tuple(map(for_stack, problems))
        lines = [self.summary, *(f"  - {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


def for_stack(text: str) -> str:
    """A text whose commands, written with `-s STACK`, name the stack that is being deployed."""
    return text.replace("-s STACK", f"-s {pulumi.get_stack() or 'STACK'}")


def end_quietly_when_interrupted() -> None:
    """End without a stack trace when the engine stops the program.

    It does that with an interrupt as soon as an update has failed, and the trace of where the
    program happened to be would bury the error.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
