"""Writes the pages that the edge itself answers with: `pages.py FOLDER`, when its image is built.

HAProxy's `errorfile` sends them as they are: head and body, below its buffer's 16 kB.
"""

import sys
from pathlib import Path

PAGES = {
    408: ("Request Timeout", "Too slow", "The request did not arrive in time. Please try again."),
    411: ("Length Required", "How long is it?", "Uploads have to say their length beforehand."),
    413: ("Content Too Large", "Too large", "This is more than the site accepts in one go."),
    429: ("Too Many Requests", "One at a time", "You are waiting for much already."),
    500: ("Internal Server Error", "Something went wrong", "Please try again in a moment."),
    502: ("Bad Gateway", "Something went wrong", "The answer broke off. Please try again."),
    503: ("Service Unavailable", "Back in a moment", "This site is not ready to answer right now."),
    504: ("Gateway Timeout", "That took too long", "The site did not answer in time. Try again."),
}
"""By status: reason, heading, text."""

_RETRY_AFTER = dict.fromkeys((429, 503), "Retry-After: 5\r\n")

_HEAD = """\
HTTP/1.1 {status} {reason}\r
Cache-Control: no-store\r
Connection: close\r
Content-Length: {length}\r
Content-Type: text/html; charset=utf-8\r
{further}\r
"""

_BODY = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<style>
  body {{ font: 1.1rem/1.6 system-ui, sans-serif; display: grid; place-items: center;
         min-height: 90vh; margin: 0; background: #f6f5f1; color: #26303a }}
  main {{ max-width: 30rem; padding: 2rem }}
  h1 {{ font-size: 1.6rem; margin: 0 0 .5rem }}
  p {{ margin: 0; color: #55606b }}
</style>
<main>
  <h1>{heading}</h1>
  <p>{text}</p>
</main>
</html>
"""


def body(status: int) -> str:
    """The page for a status, as HTML."""
    _, heading, text = PAGES[status]
    return _BODY.format(heading=heading, text=text)


def page(status: int) -> bytes:
    """The whole answer for a status."""
    content = body(status).encode()
    head = _HEAD.format(
        status=status,
        reason=PAGES[status][0],
        length=len(content),
        further=_RETRY_AFTER.get(status, ""),
    )
    return head.encode() + content


def main(folder: Path) -> None:
    """Write each page: whole as STATUS.http, and its body as STATUS.html."""
    for status in PAGES:
        (folder / f"{status}.http").write_bytes(page(status))
        (folder / f"{status}.html").write_text(body(status), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
