"""What a project's environment lacks to be served: `python supply.py` prints pinned requirements.

Run it with the Python of the project's virtual environment, after the project's own requirements:
what they bring stays as it is. `python supply.py lint` prints what looks at migrations: it is
installed in a folder of its own. Standard library only, and it runs as a plain file.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from ctypes.util import find_library
from importlib import metadata

# The only place where these versions are written.
GUNICORN = "gunicorn==27.0.1"
WHITENOISE = "whitenoise==6.12.0"
DJ_DATABASE_URL = "dj-database-url==3.1.2"
PSYCOPG = "psycopg[binary]==3.3.9"
# Of its requirements only the one that the linter itself imports: its command is not run, and
# Django is the project's.
LINT = ("django-migration-linter==6.0.0", "appdirs==1.4.4")

POSTGRES_DRIVERS = ("psycopg", "psycopg2", "psycopg2-binary")
MYSQL_DRIVERS = ("mysqlclient", "pymysql", "mysql-connector-python")
OLDEST = (4, 2)

Installed = Callable[[str], str | None]


def installed(name: str) -> str | None:
    """The version of an installed distribution, None if there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def lacking(
    environ: Mapping[str, str],
    version: Installed = installed,
    has_libpq: Callable[[], bool] = lambda: find_library("pq") is not None,
) -> list[str]:
    """The requirements to install, none for what is there in whatever version.

    Args:
        environ: DEPLOY_DATABASE_ENGINE is "postgres" if the site's database is one.
        version: looks up a distribution's installed version.
        has_libpq: tells if PostgreSQL's client library is there.
    """
    wanted = {
        "gunicorn": GUNICORN,
        "whitenoise": WHITENOISE,
        "dj-database-url": DJ_DATABASE_URL,
    }
    lacks = [pin for name, pin in wanted.items() if version(name) is None]
    wants_postgres = environ.get("DEPLOY_DATABASE_ENGINE") == "postgres"
    if wants_postgres and not any(map(version, POSTGRES_DRIVERS)):
        lacks.append(PSYCOPG)
    psycopg = version("psycopg")
    # It comes without the library that it is written for, unless it is asked for by an extra.
    if psycopg and not (version("psycopg-binary") or version("psycopg-c") or has_libpq()):
        lacks.append(f"psycopg-binary=={psycopg}")
    return lacks


def problem(environ: Mapping[str, str], version: Installed = installed) -> str | None:
    """What is wrong with the project's requirements, None if nothing is.

    Args:
        environ: DEPLOY_DATABASE_ENGINE is "mysql" if the site's database is one.
        version: looks up a distribution's installed version.
    """
    django = version("django")
    if django is None:
        return (
            "the project's requirements do not install Django: is this its folder (app.path), "
            "and are its dependencies in requirements.txt or pyproject.toml?"
        )
    if environ.get("DEPLOY_DATABASE_ENGINE") == "mysql" and not any(map(version, MYSQL_DRIVERS)):
        return (
            "the database is on a MySQL server, but the project installs no driver for it: add "
            "mysqlclient to its dependencies (and what it is built with to image.aptPackages)"
        )
    if tuple(int(part) for part in django.split(".")[:2] if part.isdigit()) < OLDEST:
        return f"the project installs Django {django}: 4.2 is the oldest that can be deployed"
    return None


def main(words: Sequence[str] = ()) -> int:
    """Print one requirement per line."""
    if list(words) == ["lint"]:
        print("\n".join(LINT))
        return 0
    wrong = problem(os.environ)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    for requirement in lacking(os.environ):
        print(requirement)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
