"""TLS to a PostgreSQL elsewhere: its certificate is verified in full unless the URL says otherwise.

What libpq is told is in the URL (https://www.postgresql.org/docs/current/libpq-ssl.html), so that
it holds for whatever reads that: Django, a project's own settings, and the server's own tools. What
MySQL's drivers are told of TLS differs from one to the next, and is left to the URL.
"""

from urllib.parse import parse_qsl, urlsplit

from ..inside import SECRETS, SYSTEM_ROOTS
from . import database_url

CA_VARIABLE = "DEPLOY_DATABASE_CA"
"""What the file with `database.ca` is called among the secrets; nobody reads it as a variable."""

_CA_FILE = f"{SECRETS}/{CA_VARIABLE}"
_FULL = "verify-full"
_VERIFYING = ("verify-ca", _FULL)


def mode(url: str) -> str:
    """The `sslmode` that a checked URL names; "" if it names none."""
    return _options(url).get("sslmode", "")


def takes_ca(url: str) -> bool:
    """Whether the certificate of a checked URL's server is verified by `database.ca`."""
    if not _is_postgres(url):
        return False
    options = _options(url)
    return "sslrootcert" not in options and options.get("sslmode", _FULL) in _VERIFYING


def verified(url: str, *, ca: bool) -> str:
    """A checked URL with what has its server's certificate verified; as it is if it says otherwise.

    Args:
        url: the URL.
        ca: there is `database.ca`; else the system's roots are what it is verified by.
    """
    options, added = _options(url), {}
    if not _is_postgres(url):
        return url
    if "sslmode" not in options:
        added["sslmode"] = _FULL
    # A URL that names a mode may have its roots by PGSSLROOTCERT, or in the project's settings.
    if takes_ca(url) and (added or ca):
        added["sslrootcert"] = _CA_FILE if ca else SYSTEM_ROOTS
    if not added:
        return url
    parts = urlsplit(url)
    query = "&".join([*filter(None, [parts.query]), *(f"{k}={v}" for k, v in added.items())])
    return parts._replace(query=query).geturl()


def newly_verified(before: str, now: str) -> bool:
    """Whether a server's certificate is verified from now on that nobody looked at until now.

    Args:
        before: the URL that the application was told until now; "" if none.
        now: the one that config has now.
    """
    if not (_is_postgres(before) and _is_postgres(now)) or mode(before) or mode(now):
        return False
    return database_url.identity(before) == database_url.identity(now)


def _options(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _is_postgres(url: str) -> bool:
    return database_url.FAMILIES.get(urlsplit(url).scheme) == "postgres"
