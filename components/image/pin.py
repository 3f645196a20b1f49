"""A pin: config serves an earlier release until it says otherwise. Since when is in the state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ..stack_state import StackState

OUTPUT = "pinned"
"""The stack's output that has the pin: whoever deploys next, from whichever machine, reads it."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """The release that a stack is pinned to.

    Attributes:
        release: its tag.
        since: when it was pinned, as an ISO 8601 time in UTC; "" if this update pins it.
    """

    release: str
    since: str

    def says(self, stack: str, *, instead: str = "the project's own changes are") -> str:
        """What everybody has to know who deploys this stack.

        Args:
            stack: its name.
            instead: what is not deployed for it, with its verb.
        """
        since = f"since {self.since}" if self.since else "from this update on"
        return (
            f"{stack} is pinned to release {self.release} {since} (releases.pin): {instead} "
            f"not deployed; `pulumi config rm --path releases.pin -s {stack}` and "
            f"`pulumi up -s {stack}` go forward again"
        )

    @property
    def output(self) -> Mapping[str, str]:
        """What the next update reads in the state."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"release": self.release, "since": self.since or now}


def pin_to(release: str, state: StackState) -> Pin:
    """The pin to a release, which may have been there before.

    Args:
        release: its tag.
        state: the stack's state.
    """
    last = state.stack_outputs.get(OUTPUT)
    if not isinstance(last, Mapping) or last.get("release") != release:
        return Pin(release=release, since="")
    return Pin(release=release, since=str(last.get("since", "")))
