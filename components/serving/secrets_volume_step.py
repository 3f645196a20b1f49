"""Writes secrets as files into a volume, through a one-shot container's standard input.

That way they are in no image, in no container's environment and on no command line.
"""

import json
import os
import sys

from ..container_defaults import FILE_HELPER
from ..host.archive import archive
from ..host.client import docker_or_fail
from ..inside import SECRETS, USER


def archive_of(secrets: dict[str, str]) -> bytes:
    """A tar archive with one file for each secret, readable by the application's user only."""
    return archive({name: secrets[name].encode() for name in sorted(secrets)}, owner=USER)


def main() -> None:
    """Write the JSON object on standard input into VOLUME, by a container of IMAGE."""
    volume, image = os.environ["VOLUME"], os.environ["IMAGE"]
    content = archive_of(json.load(sys.stdin))
    mount = f"type=volume,source={volume},target={SECRETS}"
    words = ["run", "--rm", "-i", "--network", "none", "--user", "0", "--mount", mount]
    words += FILE_HELPER.options()
    unpack = ["--entrypoint", "tar", image, "-x", "-p", "-C", SECRETS, "-f", "-"]
    docker_or_fail("writing the secrets' volume", *words, *unpack, stdin=content)


if __name__ == "__main__":
    main()
