"""The faults that a deployment tool has to survive, as data: each is a test that reports here.

The promise behind every case: nothing is lost, the version that was serving goes on serving, the
error names the cause and the remedy, and fixing it and running `pulumi up` again is all the
recovery there is. `CASES` is the list that the run is held against: a case without a test, or a
test that didn't say what it saw, fails the run.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from components.text_table import text_table

FAULT = "fault"
"""The property of a test by which it hands lines to the table that is printed at the end."""

CASES: Mapping[str, tuple[str, str]] = {
    # Nothing changed
    "up twice": ("`pulumi up` twice", "the second makes 0 changes"),
    "up, refresh, preview": ("up, refresh, preview", "0 changes"),
    "another order": ("environment, hosts or ports listed in another order", "0 changes"),
    "ignored file": ("a file that .dockerignore excludes edited", "0 changes"),
    "source edited": (
        "a source file edited",
        "one build, one replaced backend, both shown in the preview beforehand",
    ),
    # The image
    "Dockerfile syntax": (
        "a syntax error in the Dockerfile",
        "up fails with the build's last lines; old version serves",
    ),
    "collectstatic": (
        "collectstatic fails",
        "up fails with the build's last lines; old version serves",
    ),
    "package index": (
        "the package index can't be reached",
        "up fails with the build's last lines; old version serves",
    ),
    "image pruned": (
        "an image pruned behind our back",
        "rebuilt, or a clear error; never a half-made container",
    ),
    # Migrations
    "migration raises": (
        "a migration raises",
        "up fails with the traceback's last lines; old version serves; schema as before it",
    ),
    "migration fixed": ("that migration fixed", "up succeeds; no leftovers"),
    "replicas migrate": (
        "three replicas start at once with pending migrations",
        "each migration is applied exactly once",
    ),
    "time-out raised": (
        "a gate's time-out, raised in config after it ran out",
        "run again as it was: the first reason; then the next plain `up` tries again",
    ),
    # The application and its database
    "crash at boot": (
        "the app crashes at boot",
        "fails within seconds, not at a time-out; its log lines are shown",
    ),
    "database slow": ("the database is slow to come up", "a bounded wait, then all is well"),
    "database down": (
        "the database is down",
        "a bounded wait; a named error, no seeding; the password is printed nowhere",
    ),
    "database refuses": (
        "the database refuses the password",
        "a named error, no seeding; the password is printed nowhere",
    ),
    "settings that can't be": (
        "settings with which the database server would not start",
        "refused with the server's own words; the server is left alone, and the site serves",
    ),
    "no verified TLS": (
        "the database has no TLS, an unknown authority, or another's certificate",
        "a named error, no seeding; it never gets the password; the key and the way out are said",
    ),
    "long lines": (
        "a step prints a line of 1 MB and fails",
        "up fails, and shows the line cut, with its cause; old version serves",
    ),
    # Seeding
    "step exits 17": (
        "a seed step exits 17",
        "up fails, names the step, exit code 17, later steps not run",
    ),
    "seeding again": (
        "seeding run again",
        "no duplicates; an existing user's password is never reset",
    ),
    "seeding killed": (
        "seeding killed midway and run again",
        "no duplicates; an existing user's password is never reset; completes",
    ),
    # Interruptions
    "kill -9": (
        "kill -9 of the CLI while a container is being created",
        "the documented recovery works and leaves no orphan",
    ),
    "Ctrl-C": (
        "Ctrl-C during up, in each phase",
        "ends in 10 s, a build with its image; names what was interrupted; the next up works",
    ),
    "stale lock": ("a stale lock", "the error says how to clear it"),
    # The host
    "backend removed": (
        "the backend container removed by hand",
        "the next up brings it back, gated",
    ),
    "backend stopped": (
        "the backend container stopped by hand",
        "the next up brings it back, gated",
    ),
    "port taken": (
        "the host port is taken",
        "an error that names the port and its holder; old version untouched",
    ),
    "daemon down": ("the Docker daemon is down", "a clear error within seconds; state intact"),
    "daemon lost": (
        "the Docker daemon goes down during up",
        "a clear error; state intact; the next up works",
    ),
    "ssh refused": ("ssh to the Docker host refused", "a clear error within seconds; state intact"),
    "owned by root": (
        "the data volume's mountpoint is owned by root",
        "an actionable error, or it is put right",
    ),
    "over STATIC_ROOT": (
        "a volume is mounted over STATIC_ROOT",
        "refused at preview, with the reason; unless it is the release's own",
    ),
    "data of a stranger": (
        "data that a stranger's container serves from",
        "refused or warned at preview, naming it; no migration under its feet",
    ),
    "taken over again": (
        "took over, went back, took over again",
        "files writable, restart policies as they were",
    ),
    "uploads in a layer": (
        "a retired container keeps uploads in its own layer",
        "said before anything is changed, with the command that copies them",
    ),
    "two servers": (
        "two database servers would open one data directory",
        "never, start-first or not",
    ),
    # Releases
    "rollback": (
        "rollback to an earlier release",
        "its own static files and code are served again; refused if the database is ahead of it",
    ),
    # Config
    "key missing": ("missing config", "an error at preview: the key, and what to set"),
    "key misspelt": ("misspelt config", "an error at preview: the key, and the one meant"),
    "wrong type": ("config of the wrong type", "an error at preview: the key and its type"),
    "wrong value": (
        "config with a wrong value",
        "an error at preview: the key, the value and what is allowed",
    ),
    # The end, and afterwards
    "destroy, up": (
        "destroy, then up",
        "data, media and secrets are still there; people stay logged in",
    ),
    "state lost": (
        "the state is lost",
        "documented recovery: the running site is found again by its labels",
    ),
    "passphrase lost": ("the passphrase is lost", "documented recovery: what has to be re-entered"),
    "second clone": (
        "a second clone of the project on the same machine",
        "works beside the first, or says exactly what they share",
    ),
}
"""Every case by its name: what happens, and what must come of it."""

_WIDTHS = (34, 40, 76)
_SUM = "error: update failed"
_LOOK = 4  # lines, among which some may be empty


@dataclass
class Fault:
    """One case while its test runs.

    Attributes:
        case: its name in `CASES`.
        seen: what was observed.
    """

    case: str
    seen: list[str] = field(default_factory=list)

    def saw(self, *parts: object) -> None:
        """Note what was observed: what really was there, not what should have been."""
        self.seen.append("; ".join(" ".join(str(part).split()) for part in parts))


def missing(reported: Iterable[str]) -> list[str]:
    """The cases that no test reported, in their order."""
    there = {*reported}
    return [case for case in CASES if case not in there]


def as_table(lines: Sequence[tuple[str, str]]) -> str:
    """What was seen, case by case, as text in columns.

    Args:
        lines: a case's name and what was seen of it; several lines of one case are kept together.
    """
    seen: dict[str, list[str]] = {}
    for case, text in lines:
        seen.setdefault(case, []).append(text)
    rows = [("case", "expected", "seen"), tuple("-" * width for width in _WIDTHS)]
    for name, (case, expected) in CASES.items():
        for number, text in enumerate(seen.get(name, [])):
            rows.append((*(("", "") if number else (case, expected)), text))
    return text_table([line for row in rows for line in _wrapped(row)])


def _wrapped(cells: Sequence[str]) -> list[tuple[str, ...]]:
    wrapped = [
        textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)
    ]
    height = max(map(len, wrapped))
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return list(zip(*padded, strict=True))


def first_error(output: str) -> str:
    """The first error that Pulumi printed among its diagnostics, in one line.

    Args:
        output: all that Pulumi printed.
    """
    _, _, diagnostics = output.partition("Diagnostics:")
    lines = (diagnostics or output).splitlines()
    errors = [n for n, line in enumerate(lines) if "error:" in line]
    # What only sums up may come before what went wrong.
    causes = [n for n in errors if _SUM not in lines[n]]
    start = next(iter(causes or errors), len(lines))
    said = [line.strip() for line in lines[start : start + _LOOK] if line.strip()]
    if not said:
        return "(no error)"
    first = said[0].partition("error:")[2].strip()
    # Some only announce what follows.
    return f"{first} {said[1]}" if first.endswith(":") and len(said) > 1 else first
