"""The certificate that HAProxy ends TLS with: exchanged while it runs, and kept for its next start.

Commands and answers are those of HAProxy's management guide: "set ssl cert", "commit ssl cert" and
"show ssl cert". Connections that are open go on with the certificate that they began with.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..edge import haproxy, slots
from ..edge.haproxy import EdgeError
from . import files

FILE = Path("/var/lib/edge/certificate.pem")
"""Certificate, chain and key; beside the configuration that names it."""

_UNUSED = "not referenced"  # said of a file that no configuration in force names
_DONE = "Success"


def put(content: str) -> None:
    """Have visitors who connect from now on shown a certificate; nobody's connection is closed.

    Args:
        content: certificate, chain and key in PEM.

    Raises:
        EdgeError: HAProxy does not take it. What was in force still is.
    """
    with _alone():
        before = FILE.read_bytes() if FILE.exists() else None
        keep(content)
        try:
            _show_visitors(plain(content))
        except EdgeError:
            if before is None:
                FILE.unlink()
            else:
                _write(before)
            raise


def keep(content: str) -> None:
    """Have an edge that starts again start with a certificate.

    Raises:
        EdgeError: it can't be written.
    """
    _write(plain(content).encode())


def show() -> dict[str, object]:
    """What visitors are shown: whom it is made out to, and until when; empty if there is none."""
    lines = haproxy.ask(f"@1 show ssl cert {FILE}").splitlines()
    told = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    if "notAfter" not in told:
        return {}
    until = datetime.strptime(told["notAfter"], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    names = told.get("Subject Alternative Name", "").split(", ")
    return {
        "names": [name.removeprefix("DNS:") for name in names if name],
        "until": until.isoformat(),
        "fingerprint": told.get("SHA1 FingerPrint", ""),
    }


def plain(content: str) -> str:
    """The same PEM without empty lines, of which one would end what HAProxy is told."""
    return "".join(f"{line.strip()}\n" for line in content.splitlines() if line.strip())


@contextmanager
def _alone() -> Iterator[None]:
    # The lock of the edge's own commands, which may be at a new configuration.
    with (haproxy.FOLDER / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _show_visitors(content: str) -> None:
    said = haproxy.ask(f"@1 set ssl cert {FILE} <<\n{content}")
    if _UNUSED in said:
        return
    if _DONE in haproxy.ask(f"@1 commit ssl cert {FILE}"):
        return
    # Such as one that is larger than HAProxy's buffer: a new process reads it from the file.
    haproxy.ask(f"@1 abort ssl cert {FILE}")
    config = haproxy.FILE.read_text()
    haproxy.check(config)
    haproxy.reload(config, slots.identity(config))


def _write(content: bytes) -> None:
    try:
        files.write(FILE, content)
    except OSError as error:
        raise EdgeError(f"{FILE} can't be written: {error.strerror}") from None
