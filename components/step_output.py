"""What commands print: what they say to people, and their result. All of it goes through here.

Pulumi's command plugin reads lines of at most 64 KB. A longer one ends its reading for good: the
command blocks as soon as the pipe is full, and the update with it until it is killed. What is
printed comes from daemons, databases and the user's own project, so any line may be that long.
"""

import base64
import json
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Any

from .step_secrets import masked, masked_result

LINE = 2000
"""Characters of a line that are shown: with four bytes to each, far from the plugin's limit."""
LINES = 200
"""Lines that are shown of a longer text."""
_TAIL = LINE // 4
_CHUNK = 65536
# The plugin hands a result to the command that says it again, in one variable: Linux takes 128 KB.
_PLAIN = 32_000
_PACKED = "zlib:"
_WIDTH = 1000  # characters of a result's lines


def say(text: str, *, to: IO[str] | None = None) -> None:
    """Print a text for people, with lines that the plugin can read.

    Args:
        text: one line or more.
        to: where to; standard error if nothing is said.
    """
    print(bounded(text), file=to or sys.stderr, flush=True)


def bounded(text: str) -> str:
    """A text of which long lines are cut in the middle, and the middle of many lines is left out.

    Secrets that are known are masked before. What failed stands at the beginning of such a text, or
    at its end.
    """
    lines = masked(text).split("\n")
    if len(lines) > LINES:
        kept = LINES // 4
        left_out = f"… ({len(lines) - LINES} lines left out) …"
        lines = [*lines[:kept], left_out, *lines[kept - LINES :]]
    return "\n".join(map(_cut, lines))


def _cut(line: str, unread: int = 0) -> str:
    if len(line) <= LINE:
        return line
    head, tail = line[: LINE - _TAIL], line[-_TAIL:]
    return f"{head}… ({len(line) - LINE + unread} characters left out) …{tail}"


def lines_of(source: IO[bytes]) -> Iterator[str]:
    """The lines of a stream as they come, each cut as by `bounded`, however long it is.

    Args:
        source: is read to its end.
    """
    for part in iter(lambda: source.readline(_CHUNK), b""):
        line, unread = part, 0
        # Of a line without an end no more is kept than is shown.
        while not part.endswith(b"\n") and (part := source.readline(_CHUNK)):
            line += part
            unread += max(0, len(line) - 2 * _CHUNK)
            line = line[:_CHUNK] + line[_CHUNK:][-_CHUNK:]
        yield _cut(masked(line.decode(errors="replace").rstrip("\r\n")), unread)


def result(value: Any) -> None:
    """Print what a command found out, which is all of its standard output.

    Args:
        value: anything that JSON can hold. `parsed` reads it back.
    """
    text = json.dumps(masked_result(value))
    if len(text) > _PLAIN:
        text = _PACKED + base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    print("\n".join(lines), flush=True)


def parsed(stdout: str | None) -> Any:
    """What `result` printed; None where there is nothing, or nothing of that kind.

    Args:
        stdout: a command's standard output, as Pulumi keeps it.
    """
    text = "".join((stdout or "").split("\n"))
    try:
        if text.startswith(_PACKED):
            packed = base64.b64decode(text.removeprefix(_PACKED), validate=True)
            text = zlib.decompress(packed).decode()
        return json.loads(text)
    except (ValueError, zlib.error):
        return None
