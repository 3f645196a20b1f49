"""A stand-in for what is noted on the Docker host: it keeps notes in memory."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.host import notes


class FakeNotes:
    """Takes the place of the functions of `components.host.notes`.

    Attributes:
        window: the note of a window; None if none is open.
        check: that of what a check found; None without one.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.window: Any = None
        self.check: Any = None
        self._names = {notes.WINDOW: "window", notes.CHECK: "check"}
        for function in (self.read, self.write, self.remove):
            monkeypatch.setattr(notes, function.__name__, function)

    def open_window(self, *unsafe: str) -> None:
        """A window is open, for which `old` was stopped: it can't live with these migrations."""
        self.window = {
            "since": "2026-01-02T03:04:05+00:00",
            "stopped": {"old": "unless-stopped"},
            "unsafe": unsafe,
        }

    def read(self, deployment: str, role: str) -> Any:
        """As `notes.read`."""
        assert deployment == "shop"
        return getattr(self, self._names[role])

    def write(self, deployment: str, role: str, content: Mapping[str, Any], *, image: str) -> None:
        """As `notes.write`."""
        assert (deployment, bool(image)) == ("shop", True)
        setattr(self, self._names[role], content)

    def remove(self, deployment: str, role: str) -> None:
        """As `notes.remove`."""
        assert deployment == "shop"
        setattr(self, self._names[role], None)
