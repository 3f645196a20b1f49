"""How a project reaches its server, for tools that run where its files are not."""

import base64
import os
import subprocess
import sys
from pathlib import Path

from deploy_runtime import libpq

# Django as far as this asks it: a real one would need a PostgreSQL driver.
DJANGO = """
class connection:
    def get_connection_params():
        return {params!r}

connections = {{"other": connection}}
"""


def told(folder: Path, **params: str) -> list[str]:
    """The lines that it prints where Django would connect so."""
    (folder / "django").mkdir()
    (folder / "django/__init__.py").write_text("def setup(): print('noise')")
    (folder / "django/db.py").write_text(DJANGO.format(params=params))
    done = subprocess.run(
        [sys.executable, "-", "other"],
        input=Path(libpq.__file__).read_bytes(),
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().splitlines()


def test_what_the_tools_understand_is_told(tmp_path: Path) -> None:
    found = told(tmp_path, host="db", dbname="app", password="s=x y", client_encoding="UTF8")
    assert found == [
        "[deployment]",
        "host=db",
        "dbname=app",
        "password=s=x y",
        "connect_timeout=30",
    ]


def test_files_of_the_release_are_handed_on(tmp_path: Path) -> None:
    root = tmp_path / "ca.pem"
    root.write_bytes(b"a certificate\n")
    found = told(tmp_path, host="db", sslrootcert=str(root), sslcert="system", sslkey="/none")
    content = base64.b64encode(root.read_bytes()).decode()
    assert found == [
        "[deployment]",
        "host=db",
        "sslrootcert=/dev/shm/sslrootcert",
        "sslcert=system",
        "sslkey=/none",
        "connect_timeout=30",
        f"#file sslrootcert {content}",
    ]
