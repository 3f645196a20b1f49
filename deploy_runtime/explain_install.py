"""Why a project's dependencies could not be installed, and what to do: a plain file, as supply.py.

`python explain_install.py LOG` prints the end of the installer's log, then the error: its cause,
and the commands that mend it, all at once. Standard library only.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_LOG_LINES = 40
_CAUSE_LINES = 12
_WIDTH = 300

# What compiling in C needs, whatever is compiled.
_C = ("gcc", "libc6-dev", "python3-dev")
_POSTGRES = (*_C, "libpq-dev")
_MYSQL = (*_C, "pkg-config", "default-libmysqlclient-dev")

# What a log says, what building lacks then, and what running does.
_SIGNS = (
    (r"Git executable not found|git.*: not found", ("git", "ca-certificates"), ()),
    (r"pg_config executable not found|libpq-fe\.h", _POSTGRES, ("libpq5",)),
    (r"mysql_config|mysqlclient|mysql\.h", _MYSQL, ("libmariadb3",)),
    (r"pkg-config|pkgconf", (*_C, "pkg-config"), ()),
    (r"\bldap\.h|lber\.h", (*_C, "libldap-dev", "libsasl2-dev"), ("libldap2",)),
    (r"\bffi\.h", (*_C, "libffi-dev"), ()),
    (r"xmlsec", (*_C, "pkg-config", "libxmlsec1-dev"), ("libxmlsec1-openssl",)),
    (r"jpeglib\.h|zlib\.h", (*_C, "zlib1g-dev", "libjpeg-dev"), ("libjpeg62-turbo",)),
    (r"[Rr]ust compiler|cargo", ("cargo", *_C), ()),
    (r"g\+\+|c\+\+", (*_C, "g++"), ()),
    (r"gcc|\bcc\b|[Cc] compiler|clang|Python\.h", _C, ()),
    (r"\bmake\b.*(?:not found|No such file)", (*_C, "make"), ()),
)
# What else a log says, and what to do then.
_REMEDIES = (
    (
        r"Python\s*[<>=]|requires-python|Python version",
        "they ask for another Python than the base image has: `pulumi config set --path image.base "
        "python:X.Y-slim-trixie`, or correct the requirement",
    ),
    (r"hash|Hash", "make the hashes of {file} anew, as they were made"),
    (
        r"dns error|connect|timed out|certificate",
        "the package registry can't be reached from a build on this host: look at the host's "
        "network, or set PIP_INDEX_URL where pulumi runs; then run `pulumi up` again",
    ),
)
_CORRECT = "correct {file}"
_HEADER = re.compile(r"fatal error: ([\w./-]+\.h(?:pp)?): No such file")
_BUILDING = re.compile(
    r"[Ff]ailed to build|build backend|Git executable|[Ff]ailed to download and b"
)


def error(log: str, *, file: str = "", following: str = "0 0") -> str:
    """The error of an installation that failed.

    Args:
        log: all that the installer printed.
        file: the file with the dependencies.
        following: how many entries image.aptPackages and image.buildAptPackages have, with a blank
            between.
    """
    cause = _cause(log)
    lines = [f"error: the dependencies in {file} can't be installed:", *cause]
    build, run = _lacking(log) if _BUILDING.search(log) else ((), ())
    if not build:
        return "\n".join([*lines, f"What to do: {_other_remedy(log, file)}"])
    next_run, next_build = map(int, following.split())
    lines.append("What to do: name the Debian packages that it is built with:")
    lines += _commands("image.buildAptPackages", build, next_build)
    lines += _commands("image.aptPackages", run, next_run)
    header = _HEADER.search(log)
    if header and header[1] != "Python.h":
        lines.append(f"  (https://packages.debian.org says which package has {header[1]})")
    return "\n".join(lines)


def _cause(log: str) -> list[str]:
    lines = [line.rstrip()[:_WIDTH] for line in log.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if re.match(r"\s*(\u00d7|error:)", line)), None)
    if first is None:
        return lines[-_CAUSE_LINES:]
    found = lines[first:]
    telling = [line for line in found if re.search(r"rror:|not found|No such file", line)]
    return found[:_CAUSE_LINES] if len(found) <= _CAUSE_LINES else [*found[:4], *telling[-6:]]


def _lacking(log: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    build: dict[str, None] = {}
    run: dict[str, None] = {}
    for pattern, for_building, for_running in _SIGNS:
        if re.search(pattern, log):
            build.update(dict.fromkeys(for_building))
            run.update(dict.fromkeys(for_running))
    return tuple(build), tuple(run)


def _commands(key: str, packages: tuple[str, ...], first: int) -> Iterator[str]:
    for number, package in enumerate(packages, start=first):
        yield f"  pulumi config set --path '{key}[{number}]' {package}"


def _other_remedy(log: str, file: str) -> str:
    remedy = next((remedy for words, remedy in _REMEDIES if re.search(words, log)), _CORRECT)
    return remedy.format(file=file)


def main(path: str) -> int:
    """Print the end of the log and the error."""
    log = Path(path).read_text(encoding="utf-8", errors="replace")
    print("\n".join(line[:_WIDTH] for line in log.splitlines()[-_LOG_LINES:]))
    file = os.environ.get("REQUIREMENTS", "")
    print(error(log, file=file, following=os.environ.get("APT_NEXT") or "0 0"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
