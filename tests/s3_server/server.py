"""An S3 server on this machine, with a bucket that Pulumi can keep states in."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.visitor import free_port

BUCKET = "states"
REGION = "eu-central-1"
# Seconds that its build may take, once per machine, beside other tests.
LONGEST_BUILD = 900
PATIENCE = 30.0


@contextmanager
def bucket(folder: Path) -> Iterator[dict[str, str]]:
    """While the block runs there is a bucket, its objects files below a folder.

    The block gets the variables by which Pulumi keeps its states there.
    """
    (folder / BUCKET).mkdir(parents=True)
    port, key, secret = free_port(), "tests", secrets.token_hex(16)
    address = f"127.0.0.1:{port}"
    server = subprocess.Popen(
        [program(), "--port", address, "--region", REGION, "--quiet", "posix", folder],
        env={**os.environ, "ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(server, port)
        yield {
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint=http://{address}&s3ForcePathStyle=true"
            f"&region={REGION}",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def program() -> Path:
    """The server, which is built where it is missing: bounded, and after whatever else runs."""
    words = [sys.executable, "-m", "tests.s3_server.build"]
    built = subprocess.run(
        ["timeout", str(LONGEST_BUILD), "nice", *words],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Path(built.stdout.strip()) / "versitygw"


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"the S3 server does not listen: it ended with {server.poll()}")
