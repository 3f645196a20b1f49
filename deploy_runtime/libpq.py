"""How a project reaches its PostgreSQL, for the server's own tools: `python - ALIAS < libpq.py`.

It is handed to the Python of a release on standard input, older ones included, and prints a section
of a connection service file, and in comments the files that it names. That holds the password:
whoever runs it hands it on, and never prints it.
"""

import base64
import os
import sys
from pathlib import Path

# Of what Django passes to its driver, what the server's tools understand too.
_KEYS = (
    "host", "hostaddr", "port", "dbname", "user", "password", "options", "passfile",
    "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "target_session_attrs",
)  # fmt: skip
# Files of the release that the tools' container doesn't have: they are handed on, too.
_FILES = ("passfile", "sslrootcert", "sslcert", "sslkey")
NAME = "deployment"


def main() -> int:
    """Print the section."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy_runtime.settings")
    os.environ["DEPLOY_DATABASE_DIRECTLY"] = "true"
    import django

    django.setup()
    from django.db import connections

    found = {**connections[sys.argv[1]].get_connection_params()}
    files = []
    for key in _FILES:
        file = Path(str(found.get(key) or ""))
        if file.is_file():
            files.append(f"#file {key} {base64.b64encode(file.read_bytes()).decode()}")
            found[key] = f"/dev/shm/{key}"
    lines = [f"{key}={found[key]}" for key in _KEYS if found.get(key)]
    wrong = [line.partition("=")[0] for line in lines if len(line.splitlines()) != 1]
    if wrong:
        # The tools would read a second line as another of their own.
        print(f"{', '.join(wrong)} of the database has a line break in it", file=sys.stderr)
        return 1
    text = "\n".join([f"[{NAME}]", *lines, "connect_timeout=30", *files])
    print(text, file=channel, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
