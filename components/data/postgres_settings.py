"""Settings of the deployment's own PostgreSQL: which are its own to decide, and how it gets others.

They are the server's own, in the file of `ALTER SYSTEM` beside the data, so that another value
replaces no container. Which of them are config's is noted in the data, too: what is taken off the
list gets its default again, and what somebody set by hand is left alone.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")
"""What a setting's name looks like; one of an extension has a dot."""

_FILES = "where the server's files are follows from its volume and its image"
_REACHED = "the server is reached by its name, on a network of its own"
_LOGS = "what the server says is read from `docker logs`, which bounds it"
DECIDED: Mapping[str, str] = {
    "allow_alter_system": "it is how the server gets these settings",
    "config_file": _FILES,
    "data_directory": _FILES,
    "external_pid_file": _FILES,
    "hba_file": _FILES,
    "ident_file": _FILES,
    "listen_addresses": _REACHED,
    "port": _REACHED,
    "unix_socket_directories": _REACHED,
    "unix_socket_group": _REACHED,
    "unix_socket_permissions": _REACHED,
    "ssl": "nobody else is on the network that the server is on, and it has no certificate",
    "log_destination": _LOGS,
    "logging_collector": _LOGS,
    "lc_messages": "errors of the server are known by their English words",
}
"""The settings that the deployment itself decides, each with the reason."""

# Their values are lists; one quoted text would be one element.
_LISTS = (
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
)
_NOTE = "django_on_docker.settings"

NOTED = (
    "SELECT coalesce((SELECT substr(entry, position('=' in entry) + 1) FROM pg_db_role_setting, "
    f"unnest(setconfig) entry WHERE setrole = 0 AND entry LIKE '{_NOTE}=%' AND setdatabase = "
    "(SELECT oid FROM pg_database WHERE datname = 'postgres')), '[]')"
)
"""Asks which settings are config's until now, as a JSON list."""
LOADED = "SELECT pg_conf_load_time()"
"""Asks when the server last read its settings."""
WAITING = "SELECT coalesce(json_agg(name), '[]') FROM pg_settings WHERE pending_restart"
"""Asks which settings wait for the server to be started anew, as a JSON list."""
ERRORS = (
    "SELECT coalesce(string_agg(concat_ws(': ', 'ERROR', sourcefile, name, error), '; '), "
    "'ERROR: it does not read its settings anew') FROM pg_file_settings "
    "WHERE error <> 'setting could not be applied'"
)
"""Asks what is wrong with the files of settings, but for what waits for a restart."""
NAMES = "SELECT json_agg(name) FROM pg_settings"
"""Asks for the names of all settings, as a JSON list."""


class Change(NamedTuple):
    """What becomes of settings.

    Attributes:
        wanted: those that are set, by name.
        dropped: those that get their default again.
    """

    wanted: Mapping[str, str]
    dropped: Collection[str]

    @property
    def names(self) -> set[str]:
        """All of them."""
        return {*self.wanted, *self.dropped}

    def statements(self) -> str:
        """What makes it, for the superuser, in the database postgres."""
        lines = [
            # First, so that whatever becomes of this is known to be config's.
            note(self.names),
            *(f"ALTER SYSTEM RESET {_identifier(name)};" for name in sorted(self.dropped)),
            *(
                f"ALTER SYSTEM SET {_identifier(name)} = {_value(name, value)};"
                for name, value in sorted(self.wanted.items())
            ),
            "SELECT pg_reload_conf();",
        ]
        return "\n".join(lines)

    def as_file(self) -> str:
        """The settings as the lines of a server's own file."""
        # There, unlike in SQL, a backslash stands for something.
        escaped = {n: v.replace("\\", "\\\\") for n, v in sorted(self.wanted.items())}
        return "".join(f"{name} = {quoted(value)}\n" for name, value in escaped.items())


def note(names: Iterable[str]) -> str:
    """What has the server keep which settings are config's: see `NOTED`.

    Args:
        names: the settings' names.
    """
    return f"ALTER DATABASE postgres SET {_NOTE} = {quoted(json.dumps(sorted(names)))};"


def restarting(names: Iterable[str]) -> str:
    """Asks which of some settings take effect with the server's next start alone.

    Args:
        names: the settings' names.
    """
    listed = ", ".join(quoted(name) for name in sorted(names))
    return (
        "SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM pg_settings "
        f"WHERE context = 'postmaster' AND name IN ({listed})"
    )


def changed(before: Mapping[str, str], wanted: Mapping[str, str]) -> set[str]:
    """The names of the settings that are not what they were."""
    return {n for n in {*before, *wanted} if before.get(n) != wanted.get(n)}


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def _value(name: str, text: str) -> str:
    parts = [part.strip() for part in text.split(",")] if name in _LISTS else [text]
    return ", ".join(quoted(part) for part in parts)


def _identifier(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split("."))
