"""Gives files to the user that the application runs as, where they belong to another."""

import json
import os

from ..config.paths import mount_words
from ..container_defaults import FILE_HELPER
from ..host.client import docker_or_fail
from ..inside import USER
from ..step_output import say

# Looks first: a volume whose files are right is not written to. What is mounted in a folder is
# another's, also if it is from the same file system, and a link's own owner is changed, not that of
# what it leads to.
_SCRIPT = f"""\
for folder in "$@"; do
  set -- -false
  while read -r _ _ _ _ point _; do
    case "$point" in
      "$folder"/*) set -- "$@" -o -path "$(printf %b "$point" | sed 's/[][*?\\\\]/\\\\&/g')" ;;
    esac
  done < /proc/self/mountinfo
  set -- "$folder" -xdev '(' "$@" ')' -prune -o '(' ! -uid {USER} -o ! -gid {USER} ')'
  found="$(find "$@" -print | wc -l)"
  [ "$found" = 0 ] || find "$@" -exec chown -h {USER}:{USER} '{{}}' + || exit 1
  echo "$found"
done
"""


def arguments(sources: list[str], image: str) -> list[str]:
    """The words after `docker` that look at each source, and put it right."""
    targets = [f"/sources/{index}" for index in range(len(sources))]
    words = ["run", "--rm", *FILE_HELPER.options(), "--network", "none", "--user", "0"]
    for source, target in zip(sources, targets, strict=True):
        kind = "bind" if source.startswith("/") else "volume"
        words += ["--mount", mount_words(kind, source, target)]
    return [*words, "--entrypoint", "sh", image, "-c", _SCRIPT, "own", *targets]


def main() -> None:
    """Put the ownership of SOURCES, a JSON list, right by a container of IMAGE."""
    sources: list[str] = json.loads(os.environ["SOURCES"])
    said = docker_or_fail(
        "giving files to the application", *arguments(sources, os.environ["IMAGE"])
    )
    for source, count in zip(sources, said.decode().split(), strict=True):
        outcome = "right already" if count == "0" else f"given to user {USER}: {count} entries"
        say(f"{source}: {outcome}")


if __name__ == "__main__":
    main()
