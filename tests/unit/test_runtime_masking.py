"""Secrets are masked in every spelling in which a project may print them."""

import base64
import html
import json
import pprint
import re
import shlex
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest

from deploy_runtime.masking import MASK, mask, masked_data
from tests.secret_leaks import leaks

PLAIN = "correct horse/battery+staple"
ODD = "p@ss w\u00f6rd'\"\\%$`&<tab\there"
KEY = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n".format(
    "\n".join(textwrap.wrap(base64.b64encode(bytes(range(200))).decode(), 64))
)
URL = "postgres://ada:s%40cret%2Fpass+word@db.example:5432/shop?sslmode=require"
SECRETS = {"plain": PLAIN, "odd": ODD, "key": KEY, "url": URL}
INSIDE = {
    "plain": ("correct horse", "battery+staple"),
    "odd": ("p@ss w", "p%40ss"),
    "key": tuple(KEY.splitlines()[1:-1]),
    "url": ("s%40cret", "s@cret", "pass+word"),
}

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "stripped": str.strip,
    "with line breaks of Windows": lambda s: s.replace("\n", "\r\n"),
    "in one line": lambda s: " ".join(s.splitlines()),
    "with escaped line breaks": lambda s: s.replace("\n", "\\n"),
    "indented": lambda s: textwrap.indent(s, "    | "),
    "percent-encoded": quote,
    "percent-encoded whole": lambda s: quote(s, safe=""),
    "percent-encoded in lower case": lambda s: re.sub(
        "%..", lambda code: code[0].lower(), quote(s, safe="")
    ),
    "of a form": quote_plus,
    "of a query": lambda s: urlencode({"next": s, "x": "1"}),
    "JSON": lambda s: json.dumps({"key": s}),
    "JSON as it is": lambda s: json.dumps({"key": s}, ensure_ascii=False),
    "JSON in JSON": lambda s: json.dumps({"body": json.dumps({"key": s})}),
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "repr of a list": lambda s: repr([s, 1]),
    "repr in repr": lambda s: repr(repr({"key": s})),
    "ascii": ascii,
    "an exception's": lambda s: repr(ValueError(f"no such thing: {s}")),
    "of a shell": lambda s: f"export KEY={shlex.quote(s)}",
    "HTML": lambda s: f"<pre>{html.escape(s)}</pre>",
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal in capitals": lambda s: s.encode().hex().upper(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 without padding": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
    "base64 wrapped": lambda s: base64.encodebytes(s.encode()).decode(),
    "basic authentication": lambda s: base64.b64encode(f"ada:{s}".encode()).decode(),
    "base64 one further": lambda s: base64.b64encode(f"x{s}:and more".encode()).decode(),
    "base64 two further": lambda s: base64.b64encode(f"xy{s}:and more".encode()).decode(),
    "base64 with a line break": lambda s: base64.b64encode(f"{s}\n".encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_spelling_is_shown(secret: str, spelling: str) -> None:
    value = SECRETS[secret]
    shown = SPELLINGS[spelling](value)
    text = mask(f"before {shown} after", SECRETS.values())
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert MASK in text
    # What only is around a secret may be the same as in it.
    around = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----")
    found = [leak for leak in leaks(value, text) if not any(leak in line for line in around)]
    assert found == []
    assert not [part for part in INSIDE[secret] if part in text]


@pytest.mark.parametrize(
    "text",
    [
        "connection to postgres://ada:s@cret/pass+word@db failed",
        "password 's%40cret%2Fpass+word' refused",
        pprint.pformat({"PASSWORD": "s@cret/pass+word", "HOST": "db.example"}),
    ],
)
def test_of_an_address_the_password_alone_is_masked(text: str) -> None:
    shown = mask(text, [URL])
    assert MASK in shown
    assert "cret" not in shown
    assert "db" in shown or "refused" in shown


def test_a_short_password_is_masked_where_it_is_one() -> None:
    shown = mask("postgres://ada:hush@db/a: no such host; hush now", ["postgres://ada:hush@db/a"])
    assert shown == f"{MASK}: no such host; hush now"
    assert mask("mysql://bob:hush@db/b", ["postgres://ada:hush@db/a"]) == f"mysql://bob:{MASK}@db/b"


def test_a_file_of_secrets_is_known_by_what_is_in_it() -> None:
    secret = json.dumps({"DEBUG": "somewhere", "SMTP": {"password": "hunter2-hunter2"}})
    text = "login with hunter2-hunter2 failed somewhere"
    assert mask(text, [secret]) == f"login with {MASK} failed somewhere"


def test_other_texts_stay_as_they_are() -> None:
    text = "short words, and a shop that is correct about horses"
    assert mask(text, ["", "short", "a", *SECRETS.values()]) == text
    assert mask("", [PLAIN]) == ""
    assert mask(text, []) == text


def test_data_keeps_its_shape() -> None:
    data = {"step": f"seed {ODD}", "seconds": 1.5, "lines": [ODD, None, True], ODD: 1}
    assert masked_data(data, [ODD]) == {
        "step": f"seed {MASK}",
        "seconds": 1.5,
        "lines": [MASK, None, True],
        MASK: 1,
    }
