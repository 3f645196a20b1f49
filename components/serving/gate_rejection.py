"""Why a gate did not let a container through, kept in the container itself for as long as that is.

What a container says of itself later is misleading: the gate has stopped it. And what the gate was
told by config tells whether the same again is the same.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..host.archive import archive
from ..host.client import docker, read_file
from ..inside import VERDICT

FILE = f"{VERDICT}/rejection.json"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A gate's verdict.

    Attributes:
        problem: why the container was not let through.
        lines: the last lines that it had printed.
        terms: what config told the gate, as text by config key.
    """

    problem: str
    lines: str
    terms: Mapping[str, str]

    def changed(self, terms: Mapping[str, str]) -> list[str]:
        """What config tells a gate otherwise now, in words.

        Args:
            terms: what it tells now.
        """
        both = [key for key in sorted(terms) if key in self.terms]
        return [
            f"{key} is {terms[key]} now instead of {self.terms[key]}"
            for key in both
            if terms[key] != self.terms[key]
        ]


def keep(container: str, rejection: Rejection) -> None:
    """Note in a container, whether that runs or not, why it was not let through.

    One that can't be written to keeps nothing: the next gate says what it finds then.
    """
    content = json.dumps(asdict(rejection)).encode()
    folder, _, name = FILE.rpartition("/")
    note = archive({name: content}, mode=0o600)
    docker("cp", "-", f"{container}:{folder}", stdin=note)


def kept(container: str) -> Rejection | None:
    """What was noted in a container; None if nothing was."""
    return parse(read_file(container, FILE))


def parse(text: bytes | None) -> Rejection | None:
    """A note's content; None if there is none, or none that can be read."""
    try:
        found: dict[str, Any] = json.loads(text or b"")
        terms = {str(key): str(value) for key, value in found["terms"].items()}
        return Rejection(problem=str(found["problem"]), lines=str(found["lines"]), terms=terms)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
