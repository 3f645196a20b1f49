"""Writes the generated secrets as one file into a volume that outlives the stack.

They come through standard input: so they are in no image, in no container's environment and on no
command line.
"""

import os
import sys

from ..container_defaults import HELPER
from ..host.archive import archive
from ..host.client import docker_or_fail

FILE = "secrets.json"
_FOLDER = "/kept"
# Whole or not at all, whenever this is cut off: an archive that ends too early is an error.
_SCRIPT = f"""\
set -eu
cd {_FOLDER}
tar -x -p -f -
sync {FILE}.new
mv -f {FILE}.new {FILE}
"""


def archive_of(content: bytes) -> bytes:
    """A tar archive with the file, under another name for now, which root alone can read."""
    return archive({f"{FILE}.new": content})


def main() -> None:
    """Write what is on standard input into VOLUME, by a container of IMAGE."""
    volume, image = os.environ["VOLUME"], os.environ["IMAGE"]
    mount = f"type=volume,source={volume},target={_FOLDER}"
    words = ["run", "--rm", "-i", "--network", "none", "--user", "0", "--mount", mount]
    words += HELPER.options()
    write = ["--entrypoint", "sh", image, "-c", _SCRIPT]
    content = archive_of(sys.stdin.buffer.read())
    docker_or_fail("keeping the generated secrets on the host", *words, *write, stdin=content)


if __name__ == "__main__":
    main()
