"""How a project reaches its PostgreSQL, for the server's own tools: `python - < libpq.py`.

It is handed to the Python of a release on standard input, older ones included, and prints a section
of a connection service file. That holds the password: whoever runs it hands it on, and never
prints it.
"""

import os
import sys

# Of what Django passes to its driver, what the server's tools understand too.
_KEYS = (
    "host", "hostaddr", "port", "dbname", "user", "password", "options", "passfile",
    "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "target_session_attrs",
)  # fmt: skip
NAME = "deployment"


def main() -> int:
    """Print the section."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy_runtime.settings")
    import django

    django.setup()
    from django.db import connection

    found = connection.get_connection_params()
    lines = [f"{key}={found[key]}" for key in _KEYS if found.get(key)]
    print("\n".join([f"[{NAME}]", *lines, "connect_timeout=30"]), file=channel, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
