"""Values that nothing else resembles, and a search of a whole machine for them."""

import base64
import html
import json
import secrets
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import docker

# Of a value of several lines each line is looked for; shorter ones may be a word of something else.
_SHORTEST = 16


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A file that has a sentinel in it.

    Attributes:
        file: its path.
        name: of the sentinel.
        spelling: how it is written there.
    """

    file: str
    name: str
    spelling: str


def password() -> str:
    """A password with characters that URLs, shells, JSON and SQL write in ways of their own."""
    return f"{secrets.token_hex(12)}/%&+'\"$ {secrets.token_hex(12)}"


def lines() -> str:
    """A value of several lines, as a key in PEM is."""
    body = "\n".join(base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(4))
    return f"-----BEGIN SOMETHING-----\n{body}\n-----END SOMETHING-----\n"


def spellings(value: str) -> dict[str, bytes]:
    """How a value may be written, by the name of the spelling.

    Args:
        value: the sentinel.
    """
    found = {
        f"{kind}{number or ''}": written.encode()
        for number, part in enumerate([value, *_lines(value)])
        for kind, written in _written(part)
    }
    return {kind: text for kind, text in found.items() if b"\n" not in text}


def _lines(value: str) -> list[str]:
    found = [line for line in value.splitlines() if not line.startswith("-----")]
    return [line for line in found if len(line) >= _SHORTEST] if len(found) > 1 else []


def _written(part: str) -> Iterator[tuple[str, str]]:
    raw = part.encode()
    yield "plain", part
    yield "percent", quote(part, safe="")
    yield "percent, path", quote(part)
    yield "form", quote_plus(part)
    yield "JSON", json.dumps(part)[1:-1]
    yield "JSON in JSON", json.dumps(json.dumps(part))[3:-3]
    yield "HTML", html.escape(part)
    yield "repr", repr(part)[1:-1]
    yield "hexadecimal", raw.hex()
    for kind, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
        # Where it begins in a longer text decides which characters stand for it.
        for before in range(3):
            code = encode(b"\0" * before + raw).decode()
            yield f"{kind}+{before}", code[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def places() -> list[Path]:
    """The folders that are searched: this machine's, and the daemon's where it is another disk."""
    root = Path(str(docker.from_env().info()["DockerRootDir"]))
    runs = [Path(name) for name in ("/run", "/dev/shm") if Path(name).is_dir()]
    others = [] if root.stat().st_dev == Path("/").stat().st_dev else [root]
    return [Path("/"), *others, *runs]


def search(roots: Collection[Path], sentinels: Mapping[str, str], *, since: Path) -> list[Hit]:
    """Find sentinels in files, hidden, binary and other people's alike.

    Args:
        roots: the folders; what is mounted below them is left out.
        sentinels: values by name.
        since: a file; what has not been changed since then is not read.
    """
    texts = {
        text: (name, kind)
        for name, value in sentinels.items()
        for kind, text in spellings(value).items()
    }
    patterns = since.with_name("patterns")
    patterns.write_bytes(b"\n".join(texts) + b"\n")
    # Also what keeps an old date, as files of an image do, was changed when it was put there.
    chosen = ["-xdev", "-type", "f", "-cnewer", str(since), "-not", "-samefile", str(patterns)]
    files = subprocess.run(
        ["find", *map(str, roots), *chosen, "-print0"], capture_output=True, check=False
    ).stdout
    # A file may go while it is looked at.
    said = subprocess.run(
        ["xargs", "-0", "-r", "grep", "-aoFHZs", "-f", str(patterns), "--"],
        input=files,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    ).stdout
    patterns.unlink()
    found = set()
    for line in said.splitlines():
        file, _, text = line.rpartition(b"\0")
        name, kind = texts[text]
        found.add(Hit(file=file.decode(), name=name, spelling=kind))
    return sorted(found, key=lambda hit: (hit.file, hit.name, hit.spelling))
