"""Asks a certificate authority for a certificate, by ACME (RFC 8555): lego does, for one order.

The authority looks for what lego answers below /.well-known/acme-challenge/ of each domain, by
plain http: HAProxy passes that on, or in a container of its own lego has the port itself.
"""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace

from . import kept
from .kept import Issued, State
from .wanted import PORT, Wanted

BESIDE_HAPROXY = f"127.0.0.1:{PORT}"
"""Where lego listens while HAProxy passes requests on."""
ALONE = f":{PORT}"
"""Where it listens in a container that is published there."""

PATIENCE = 300.0  # seconds that an order may take
_STAMP = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_DATE = re.compile(r"^not(?:Before|After)=(.*)$", re.MULTILINE)


class AcmeError(Exception):
    """There is no certificate; the text is what the authority said, or what was said of it."""


def obtain(state: State, *, listens: str) -> State:
    """Ask for the certificate that is wanted, and keep it.

    Args:
        state: what is known, with what is wanted.
        listens: where the authority's questions arrive.

    Returns:
        What is known afterwards.

    Raises:
        AcmeError: the authority can't be reached, refuses, or does not find its answers.
        OSError: what it issued can't be kept.
    """
    wanted = state.wanted
    assert wanted is not None
    folder = kept.FOLDER / "lego"
    issued = folder / "certificates"
    shutil.rmtree(issued, ignore_errors=True)
    _run(wanted, listens)
    name = issued / wanted.domains[0]
    content = "".join(name.with_name(f"{name.name}.{end}").read_text() for end in ("crt", "key"))
    since, until = _dates(f"{name}.crt")
    # The key is in one place.
    shutil.rmtree(issued)
    made = Issued(domains=wanted.domains, directory=wanted.directory, since=since, until=until)
    known = replace(state, issued=made, failed=None)
    kept.put(content, known)
    return known


def _run(wanted: Wanted, listens: str) -> None:
    words = [
        *("lego", "--accept-tos", "--path", str(kept.FOLDER / "lego")),
        *("--server", wanted.directory, "--email", wanted.email, "--key-type", "ec256"),
        *("--http", "--http.port", listens),
        *(word for name in wanted.domains for word in ("--domains", name)),
        "run",
    ]
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **_trust(wanted)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AcmeError(f"the authority did not finish within {PATIENCE:.0f} seconds") from None
    if done.returncode != 0:
        said = " ".join(_words(done.stderr.decode(errors="replace")))
        raise AcmeError(said or f"lego ended with the exit code {done.returncode}")


def _trust(wanted: Wanted) -> dict[str, str]:
    if not wanted.ca:
        return {}
    file = kept.FOLDER / "ca.pem"
    file.write_text(wanted.ca)
    return {"LEGO_CA_CERTIFICATES": str(file)}


def _words(said: str) -> Iterator[str]:
    """What lego says of a failure, without its account of what went well before."""
    lines = [_STAMP.sub("", line).strip() for line in said.splitlines()]
    begin = next((n for n, line in enumerate(lines) if line.startswith("Could not")), 0)
    yield from (line for line in lines[begin:] if line and not line.startswith("[INFO]"))


def _dates(file: str) -> tuple[float, float]:
    words = ["openssl", "x509", "-in", file, "-noout", "-startdate", "-enddate"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    since, until = (float(ssl.cert_time_to_seconds(text)) for text in _DATE.findall(said))
    return since, until
