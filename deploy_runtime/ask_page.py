"""What a visitor of a path would get: `python -m deploy_runtime.ask_page PATH` prints it as JSON.

The site in this container is asked by the host and the scheme that visitors use, and redirects
within the site are followed, as a browser would.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from . import probe
from .places import PORT

TIMEOUT = 30.0  # seconds; the first page of a new process may have a lot to prepare
_REDIRECTS = 5
# What a URL may consist of, so that nothing that is encoded already is encoded again.
_AS_IS = "/%?=&:@!$'()*+,;~[]"


def visit(path: str, environ: Mapping[str, str], port: int) -> dict[str, Any]:
    """Ask for a path, and follow redirects within the site.

    Returns:
        `path` as it was last asked for, the `status` that this answered with, 0 for no answer, the
        `problem` then, and `began`, the time of that by this machine's clock in seconds.
    """
    for _ in range(_REDIRECTS + 1):
        seen: dict[str, Any] = {"path": path, "status": 0, "problem": "", "began": time.time()}
        try:
            answer = probe.ask(port, probe.request(environ, quote(path, safe=_AS_IS)), TIMEOUT)
        except OSError as error:
            return {**seen, "problem": f"no answer: {error}"}
        status, location = _head(answer)
        seen["status"] = status
        following = _within(path, location, environ) if 300 <= status < 400 else ""
        if not status:
            return {**seen, "problem": "the answer is no HTTP"}
        if not following:
            return seen
        path = following
    return {**seen, "problem": f"more than {_REDIRECTS} redirects"}


def _head(answer: bytes) -> tuple[int, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = lines[0].split(maxsplit=2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    fields = (line.partition(":") for line in lines[1:])
    return status, next((v.strip() for k, _, v in fields if k.lower() == "location"), "")


def _within(path: str, location: str, environ: Mapping[str, str]) -> str:
    """The path that a redirect leads to; "" if it leads elsewhere, or nowhere."""
    here = f"http://{probe.host(environ)}{path}"
    target = urlsplit(urljoin(here, location))
    if not location or target.hostname != urlsplit(here).hostname:
        return ""
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


def main() -> int:
    """Visit the path that the command line names."""
    print(json.dumps(visit(sys.argv[1], os.environ, int(os.environ.get("PORT") or PORT))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
