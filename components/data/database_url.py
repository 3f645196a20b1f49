"""Database URLs: what a wrong one lacks, which server it names, and what of it may be shown.

Pure functions. None of them puts a URL or a password into an error: they may be shown.
"""

import re
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from ..inside import DATA

FAMILIES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "postgis": "postgres",
    "mysql": "mysql",
}
"""The schemes of servers, and the kind of driver that each needs."""

_PORTS = {"postgres": 5432, "mysql": 3306}
_SHAPE = "postgres://USER:PASSWORD@HOST:5432/NAME"
_ENCODE = "special characters in user and password have to be percent-encoded"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def check(url: str) -> None:
    """Check that a URL names a database on a server that containers can reach.

    Raises:
        ValueError: what is wrong, without the URL.
    """
    parts = _split(url)
    if parts.scheme == "sqlite":
        raise ValueError(
            "must name a server: a SQLite file outside a volume is lost with its container; set "
            "database to sqlite, with data: existing and database.volume for a file that is there"
        )
    if parts.scheme not in FAMILIES:
        raise ValueError(f"must begin with one of {', '.join(f'{s}://' for s in FAMILIES)}")
    # An @ in the path is a password with a slash in it: what is before that was taken for a port.
    if not parts.hostname or not parts.path.strip("/") or "@" in parts.path:
        raise ValueError(f"must look like {_SHAPE}; {_ENCODE}")
    if parts.hostname in _LOOPBACK:
        raise ValueError(
            "names the machine itself as host, which inside a container is the container: use an "
            "address of the machine on its network (`hostname -I` lists them), on which the server "
            "has to listen"
        )
    if not set(parse_qs(parts.query).get("sslmode", ())) <= {*_SSL_MODES}:
        raise ValueError(f"names an sslmode, which can be one of {', '.join(_SSL_MODES)}")


def check_further(url: str) -> None:
    """Check the URL of a further alias, which may be a SQLite file where files are kept, too.

    Raises:
        ValueError: what is wrong, without the URL.
    """
    parts = _split(url)
    if parts.scheme != "sqlite":
        check(url)
    elif parts.netloc or not re.fullmatch(r"//[^/].*[^/]", parts.path):
        raise ValueError(f"must have an absolute path, with four slashes: sqlite:///{DATA}/NAME")


def build_url(url: str) -> str:
    """What stands for a checked URL while an image is built: the same kind of database."""
    if sqlite_file(url):
        return f"sqlite:///{DATA}/build.sqlite3.further"
    return f"{_split(url).scheme}://build:build@127.0.0.1:1/build"


def sqlite_file(url: str) -> str:
    """The absolute path of a checked URL's SQLite file; "" if it names a server."""
    parts = _split(url)
    return unquote(parts.path.removeprefix("/")) if parts.scheme == "sqlite" else ""


def family(url: str) -> str:
    """The kind of driver that a checked URL needs."""
    return FAMILIES[_split(url).scheme]


def identity(url: str) -> str:
    """What tells the database of a checked URL from another: no user, no password, no options."""
    parts, kind = _split(url), family(url)
    return (
        f"{kind}://{parts.hostname}:{parts.port or _PORTS[kind]}/{unquote(parts.path.strip('/'))}"
    )


def build(*, user: str, password: str, host: str, name: str) -> str:
    """The URL of a PostgreSQL database, on the server's usual port."""
    login = ":".join(quote(word, safe="") for word in (user, password))
    return f"postgres://{login}@{host}:{_PORTS['postgres']}/{quote(name, safe='')}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # The standard library's own text quotes the part that it could not read.
        raise ValueError(f"is no URL such as {_SHAPE}; {_ENCODE}") from None
    return parts
