"""Masks secrets in what is shown to people, in all the spellings in which a project may print them.

A project prints what it likes: an address with its password in an error, its settings as JSON, a
key in PEM line by line, a header with credentials in base64. Pure functions; what is done inside
containers and what the program's own commands show goes through the same.
"""

import base64
import html
import json
import re
import shlex
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
# Shorter ones are words that a text may hold for another reason.
_SHORTEST = 8
_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*?:(.+)@")
_SECRET_KEY = re.compile(r"(?i)pass|pwd|secret|token|key|auth|credential|dsn|url")
# Lengths of lines in which base64 is wrapped: MIME, and PEM.
_WRAPPED = (76, 64)
_ESCAPED = re.compile(r"%[0-9A-F]{2}")


def mask(text: str, secrets: Collection[str]) -> str:
    """A text without secrets.

    Args:
        text: what is to be shown.
        secrets: their values.
    """
    for spelling, shown in _spellings(frozenset(secrets)) if text else ():
        text = text.replace(spelling, shown)
    return text


def masked_data(value: Any, secrets: Collection[str]) -> Any:
    """Plain data, as JSON has it, without secrets.

    Args:
        value: the data.
        secrets: their values.
    """
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, list):
        return [masked_data(entry, secrets) for entry in value]
    if isinstance(value, dict):
        return {mask(str(k), secrets): masked_data(v, secrets) for k, v in value.items()}
    return value


@lru_cache(maxsize=8)
def _spellings(secrets: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """All that is looked for and what is shown instead, the longest first: it may hold others."""
    found: dict[str, str] = {}
    for secret in secrets:
        for part in _parts(secret):
            if len(part) >= _SHORTEST:
                found |= {s: MASK for s in _written(part) if len(s) >= _SHORTEST}
        # A short password is known where it is one.
        login = _LOGIN.match(secret)
        for password in (login[1], unquote(login[1])) if login else ():
            found[f":{password}@"] = f":{MASK}@"
    return tuple(sorted(found.items(), key=lambda both: (-len(both[0]), both)))


def _parts(secret: str) -> Iterator[str]:
    """What of a secret is one by itself."""
    yield secret
    yield secret.strip()
    # What is printed line by line, such as a key in PEM, is known by its lines; what is put into
    # one line, by what stands between them.
    lines = [line.strip() for line in secret.splitlines()]
    yield from lines
    if len(lines) > 1:
        for between in ("", " ", "\\n", "\\\\n", ","):
            yield between.join(lines)
    # Of an address the password is known by itself, too, as it is written and as it is meant.
    login = _LOGIN.match(secret)
    if login:
        yield from (login[1], unquote(login[1]), unquote(secret))
    yield from _values(secret)


def _values(secret: str) -> Iterator[str]:
    """Of a file of secrets in JSON, those of the values whose names say so."""
    try:
        data = json.loads(secret) if secret.lstrip()[:1] in ("{", "[") else None
    except ValueError:
        return
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(key), entry) for key, entry in value.items()]
        elif isinstance(value, list):
            waiting += [(name, entry) for entry in value]
        elif isinstance(value, str) and _SECRET_KEY.search(name):
            yield value
            yield from value.splitlines()


def _written(part: str) -> Iterator[str]:
    """A text in the spellings of other languages."""
    yield part
    for word in (quote(part, safe=""), quote(part), quote_plus(part)):
        yield word
        yield _ESCAPED.sub(lambda code: code[0].lower(), word)
    yield html.escape(part)
    for written in (json.dumps(part), json.dumps(part, ensure_ascii=False)):
        yield written[1:-1]
        yield json.dumps(written[1:-1])[1:-1]
    raw = part.encode("utf-8", errors="surrogatepass")
    for shown in (repr(part), ascii(part), repr(raw)[1:]):
        yield shown[1:-1]
        # Quoted otherwise, or once more.
        yield shown[1:-1].replace("\\'", "'").replace("'", "\\'")
        yield repr(shown[1:-1])[1:-1]
    yield shlex.quote(part)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", part)
    yield raw.hex()
    yield raw.hex().upper()
    yield from _encoded(raw)


def _encoded(raw: bytes) -> Iterator[str]:
    """A text in base64, by itself and inside of a longer one.

    Inside, where it begins decides which characters stand for it: there are three ways. Those at
    its ends stand for its neighbours, too.
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        for width in _WRAPPED:
            cuts = range(0, len(whole) + width, width)
            yield from (whole[start:end] for start, end in pairwise(cuts))
        for before in range(3):
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            yield encode(b"\0" * before + raw).decode()[first:last]
