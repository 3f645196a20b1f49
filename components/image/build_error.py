"""What is said of an image that was not built: what its failed step printed, without secrets."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy_runtime.masking import mask

_ERROR_LINES = 40
_LAST_LINES = 15
_WIDTH = 400


def build_error(inputs: Mapping[str, Any]) -> str:
    """What to say of a build that failed; "" if its log tells nothing.

    The provider's error names the step that failed, but not what the step printed.

    Args:
        inputs: what the provider was asked to build, in its own words.
    """
    log = Path(str(inputs.get("build", {}).get("buildLogFile", "")))
    if not log.is_file():
        return ""
    lines = explained(log.read_text(encoding="utf-8", errors="replace"))
    if not lines:
        return ""
    text = mask(lines, _secret_texts(inputs))
    mends = without_base(lines)
    return f"the image was not built:\n\n{text}\n\n{mends}All of it: {log}"


def without_base(shown: str) -> str:
    """What to do about an image that a build starts from, and that nobody has; "" if it got it.

    Args:
        shown: what `explained` says of the build.
    """
    found = re.search(r"^ ?> \[internal\] load metadata for (\S+):$", shown, flags=re.MULTILINE)
    if not found:
        return ""
    return (
        f"What to do: the Docker host can't get {found[1]}: `docker pull {found[1]}` there says "
        "more. Another one is `pulumi config set --path image.base NAME:TAG@sha256:… -s STACK`, "
        "or where a Dockerfile of the project's own names it, another FROM there\n\n"
    )


def _secret_texts(inputs: Mapping[str, Any]) -> list[str]:
    """What the build's secrets hold, but for those that are none: certificates, and the site."""
    files = {s["id"]: Path(s["src"]) for s in inputs.get("build", {}).get("secrets") or ()}
    wanted = [file for name, file in files.items() if name not in ("ca", "site") and file.is_file()]
    return [file.read_text(encoding="utf-8", errors="replace") for file in wanted]


def explained(log: str) -> str:
    """Why an image was not built, from the log of BuildKit, in no more than a screen.

    That is the error that the failed step ended with, from its beginning; or else its last lines,
    without numbers and times. A log without a failed step is shown by its own end, without what
    BuildKit says of its work.
    """
    failed = re.findall(r"^#(\d+) ERROR", log, flags=re.MULTILINE)
    step = re.escape(failed[-1]) if failed else "0"
    lines = re.findall(rf"^#{step} \d+\.\d+ (.*)$", log, flags=re.MULTILINE) or [
        line
        for line in log.splitlines()
        if line.strip(" -") and not re.match(r"#\d+ (?!ERROR)", line)
    ]
    lines = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]} …" for line in lines]
    begins = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    if not begins:
        return "\n".join(lines[-_LAST_LINES:])
    error = lines[begins[-1] :]
    more = len(error) - _ERROR_LINES
    return "\n".join([*error[:_ERROR_LINES], *([f"… and {more} more lines"] if more > 0 else [])])
