"""What is noted of a window in which nothing serves, so that it can end as it began."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..host import notes


@dataclass(frozen=True, kw_only=True)
class Note:
    """A window.

    Attributes:
        deployment: whose it is.
        since: when it was opened.
        stopped: the restart policy of each container that was stopped for it, by name.
        unsafe: the migrations that these can't live with.
    """

    deployment: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    stopped: Mapping[str, str] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()

    def extended(self, stopped: Mapping[str, str], unsafe: Collection[str]) -> "Note":
        """With what another update adds; what is known of a container stays, as it was before."""
        return Note(
            deployment=self.deployment,
            since=self.since,
            stopped={**stopped, **self.stopped},
            unsafe=tuple(sorted({*self.unsafe, *unsafe})),
        )

    def write(self, image: str) -> None:
        """Note it on the host, in the place of what is noted.

        Args:
            image: any image that is there.
        """
        content = {
            "since": self.since.isoformat(),
            "stopped": self.stopped,
            "unsafe": self.unsafe,
        }
        notes.write(self.deployment, notes.WINDOW, content, image=image)


def read(deployment: str) -> Note | None:
    """What is noted, or None if no window is open.

    A note that can't be read is one of a window of which nothing else is known.
    """
    found: Any = notes.read(deployment, notes.WINDOW)
    if found is None:
        return None
    try:
        return Note(
            deployment=deployment,
            since=datetime.fromisoformat(found["since"]),
            stopped=dict(found["stopped"]),
            unsafe=tuple(found["unsafe"]),
        )
    except (ValueError, KeyError, TypeError):
        return Note(deployment=deployment)


def remove(deployment: str) -> None:
    """The window is over."""
    notes.remove(deployment, notes.WINDOW)
