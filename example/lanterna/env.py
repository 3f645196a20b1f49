"""Reading settings from the environment, with errors that name the variable."""

import os
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE = ("1", "true", "yes", "on")
FALSE = ("", "0", "false", "no", "off")

# WAL lets readers go on while one visitor writes. IMMEDIATE takes the write lock when a
# transaction begins, so that a busy moment means waiting (`timeout`, in seconds) and not an error.
SQLITE_OPTIONS = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}


def boolean(name: str) -> bool:
    """Return the variable as a truth value; unset is false."""
    value = os.environ.get(name, "").strip().lower()
    if value not in TRUE + FALSE:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; set it to one of {', '.join(TRUE)} or {', '.join(FALSE[1:])}."
        )
    return value in TRUE


def comma_separated(name: str) -> list[str]:
    """Return the variable's non-empty parts, without the space around them."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def secret_key(*, debug: bool) -> str:
    """Return SECRET_KEY. Only DEBUG may do without: a key in the source protects no one."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    if debug:
        return "for-development-only-and-never-used-while-DEBUG-is-off"
    raise ImproperlyConfigured(
        "SECRET_KEY is not set and DEBUG is off. Set SECRET_KEY to a long random text, or "
        "DEBUG=true on a machine that only you can reach."
    )


def database(default: str) -> dict[str, Any]:
    """Return the settings of the database that DATABASE_URL names, or of the default URL."""
    url = os.environ.get("DATABASE_URL") or default
    try:
        config = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except ValueError:
        # The URL may hold a password: it is neither repeated nor chained here.
        raise ImproperlyConfigured(
            "DATABASE_URL is no database URL that can be read. Examples: "
            "sqlite:////srv/data/db.sqlite3, postgres://user:password@host:5432/name."
        ) from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = SQLITE_OPTIONS | config.get("OPTIONS", {})
    return config
