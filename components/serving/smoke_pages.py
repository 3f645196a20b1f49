"""What a new backend shows its visitors: pages that are asked for before it gets traffic.

An error page says nothing of its cause, so what the container logged meanwhile is shown with it.
"""

import json
import time
from dataclasses import dataclass

from ..host.client import docker
from ..host.masked_output import last_lines

# The page is there all the same: it wants another visitor, or another method.
_WELL = (401, 403, 405)
_MARK = "Traceback (most recent call last)"
_PATIENCE = 2.0  # seconds that a log line may take to arrive
_LINES = 30
_WIDTH = 300  # characters


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a visitor would get.

    Attributes:
        path: the path as it was asked for.
        status: the status that it led to, 0 without an answer.
        answer: both in words, with where redirects led.
        logged: the end of what the container logged meanwhile, if the status is bad.
    """

    path: str
    status: int
    answer: str
    logged: str = ""

    @property
    def failed(self) -> bool:
        """It is an error of the site's, or there is no answer."""
        return self.status >= 500 or not self.status

    @property
    def refused(self) -> bool:
        """It is no page to send visitors to."""
        return self.failed or (self.status >= 400 and self.status not in _WELL)


def ask(container: str, path: str) -> Page | None:
    """Ask for a path as a visitor would; None if a release can't be asked, since it is too old.

    Args:
        container: the container's name or id.
        path: the path, with a query if need be.
    """
    done = docker("exec", container, "python", "-m", "deploy_runtime.ask_page", path)
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode != 0 or not lines:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        if "No module named" in said[-1]:
            return None
        return Page(path=path, status=0, answer=f"no answer: {said[-1][:_WIDTH]}")
    seen = json.loads(lines[-1])
    answer = str(seen["problem"] or seen["status"])
    if seen["path"] != path:
        answer += f", at {seen['path'][:_WIDTH]}"
    page = Page(path=path, status=0 if seen["problem"] else seen["status"], answer=answer)
    if not page.refused:
        return page
    logged = _logged(container, f"{seen['began']:.6f}")
    return Page(path=path, status=page.status, answer=answer, logged=logged)


def _logged(container: str, since: str) -> str:
    deadline = time.monotonic() + _PATIENCE
    while True:
        text = last_lines(container, since=since)
        if _MARK in text or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    lines = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in text.splitlines()]
    if len(lines) > _LINES:
        lines = ["…", *lines[-_LINES:]]
    return "\n".join(lines)
