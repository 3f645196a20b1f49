"""What is noted of a window in which nothing serves, so that it can end as it began."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = "window.json"


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

    def write(self, file: Path) -> None:
        """Note it, whole or not at all, whenever that is cut off."""
        stopped = [{"name": name, "restart": policy} for name, policy in self.stopped.items()]
        content = {
            "deployment": self.deployment,
            "since": self.since.isoformat(),
            "stopped": stopped,
            "unsafe": self.unsafe,
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.new")
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(content) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)


def beside(migrations: str) -> Path:
    """The note's file, by the one that says what the check of a release's migrations found."""
    return Path(migrations).with_name(NAME)


def of(deployment: str) -> Path:
    """The note's file for a deployment, in the checkout that the command runs in."""
    return Path(".build", deployment, NAME)


def read(file: Path) -> Note | None:
    """What is noted, or None if no window is open.

    A note that can't be read is one of a window of which nothing else is known.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        return Note(
            deployment=found["deployment"],
            since=datetime.fromisoformat(found["since"]),
            stopped={entry["name"]: entry["restart"] for entry in found["stopped"]},
            unsafe=tuple(found["unsafe"]),
        )
    except (ValueError, KeyError, TypeError):
        return Note(deployment=file.parent.name)
