"""Builds the S3 server that tests keep a shared state in: `versitygw`, from its pinned Go module.

`python3 -m tests.s3_server.build` prints progress to stderr and, as the only line on stdout, the
folder that holds it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from toolchain.go_tool import GoTool

TOOL = GoTool(
    name="s3-server",
    folder=Path(__file__).resolve().parent,
    package="github.com/versity/versitygw/cmd/versitygw",
    binary="versitygw",
    version="v1.8.0",
    stamp="main.Version",
    instead="`go` is not on PATH: the tests of a state in a bucket need Go 1.21 or newer, to build "
    "an S3 server.",
)

if __name__ == "__main__":
    sys.exit(TOOL.main())
