"""The last releases' hashed static files: a page may ask for those of the release that served it.

`python -m deploy_runtime.assets publish` puts this release's into a volume that all releases share,
`list` says which releases have theirs there and when they did so last, `prune RELEASE…` removes all
others'. The files are the ones that collectstatic left in STATIC_ROOT: nothing is collected again.
Which have a hash in their name is in the manifest that Django's storage writes; without one there
is nothing to publish. Nothing here makes an update fail: what goes wrong is a warning. Standard
library only, and without a start of Django.
"""

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .places import ASSETS, STATIC

MANIFEST = "staticfiles.json"
COMPRESSED = (".gz", ".br")

_USAGE = "use `python -m deploy_runtime.assets publish`, `… list` or `… prune RELEASE…`"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What came of publishing.

    Attributes:
        files: the release's hashed files, their compressed variants included.
        linked: those of them that another release had published already.
        copied: those that are new.
    """

    files: int
    linked: int
    copied: int


def folder() -> Path:
    """Where the files are: a folder for each release; the variable DEPLOY_ASSETS names another."""
    return Path(os.environ.get("DEPLOY_ASSETS") or ASSETS)


def hashed(root: Path) -> Iterator[str]:
    """The hashed files below STATIC_ROOT, relative to it, with their compressed variants.

    Raises:
        OSError: the manifest can't be read.
        ValueError: it is none.
    """
    try:
        text = (root / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    paths = json.loads(text)["paths"]
    for name in sorted({value for key, value in paths.items() if value != key}):
        if name.startswith("/") or ".." in name.split("/"):
            continue
        yield from (f"{name}{s}" for s in ("", *COMPRESSED) if (root / f"{name}{s}").is_file())


def publish(root: Path, release: str) -> Published:
    """Put a release's hashed files beside those of others; what is there already stays.

    The release's folder is there afterwards even if it has no such file, and its time is the
    present: so it tells which releases were let through to traffic, and when.

    Args:
        root: STATIC_ROOT.
        release: the release's tag.

    Raises:
        OSError: they can't be written. What was copied before that is gone again.
        ValueError: the manifest is none.
    """
    target = folder() / release
    known = target.is_dir()
    try:
        target.mkdir(exist_ok=True)
        done = _publish(root, target)
        os.utime(target)
    except OSError:
        # A disk that is full has to have room for more important things.
        if not known:
            shutil.rmtree(target, ignore_errors=True)
        raise
    return done


def _publish(root: Path, target: Path) -> Published:
    others = [path for path in releases() if path != target]
    linked = copied = files = 0
    for name in hashed(root):
        files += 1
        if (target / name).exists():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if _link(root / name, [other / name for other in others], target / name):
            linked += 1
        else:
            _copy(root / name, target / name)
            copied += 1
    return Published(files=files, linked=linked, copied=copied)


def _link(source: Path, candidates: Sequence[Path], target: Path) -> bool:
    # The name has the content's hash; the size tells a variant that was compressed otherwise.
    size = source.stat().st_size
    for candidate in candidates:
        with contextlib.suppress(OSError):
            if candidate.stat().st_size == size:
                os.link(candidate, target)
                return True
    return False


def _copy(source: Path, target: Path) -> None:
    # A file is there whole or not at all. Its time goes along: the answer's headers follow from it.
    half_made = folder() / f".{target.name[-100:]}.{os.getpid()}"
    try:
        shutil.copy2(source, half_made)
        half_made.replace(target)
    finally:
        half_made.unlink(missing_ok=True)


def releases() -> list[Path]:
    """The folders of the releases that have published something, those that did so last first."""
    try:
        found = [path for path in folder().iterdir() if path.name[0] != "." and path.is_dir()]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []


def prune(kept: Sequence[str]) -> None:
    """Remove every release's files but those of the named ones, and what was left half-made."""
    for path in folder().iterdir():
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _said(published: Published, seconds: float) -> str:
    counts = f"{published.copied} copied, {published.linked} linked"
    return (
        f"assets: {published.files} hashed files are kept for pages that ask for them later, "
        + (f"{counts} ({seconds:.2f} s)")
    )


def _listed() -> str:
    times = {path.name: path.stat().st_mtime for path in releases()}
    as_text = {
        n: datetime.fromtimestamp(t, UTC).isoformat("T", "seconds") for n, t in times.items()
    }
    return json.dumps({name: text.replace("+00:00", "Z") for name, text in as_text.items()})


def _publish_own() -> str:
    started = time.monotonic()
    done = publish(Path(os.environ.get("STATIC_ROOT") or STATIC), os.environ["RELEASE"])
    return _said(done, time.monotonic() - started) if done.files else "assets: no hashed files"


def main(words: Sequence[str]) -> int:
    """Carry out a command; return the exit code, which is 0 but for a wrong command line."""
    try:
        match words:
            case ["publish"]:
                print(_publish_own())
            case ["list"]:
                print(_listed())
            case ["prune", *kept] if kept:
                prune(kept)
            case _:
                print(f"error: {_USAGE}", file=sys.stderr)
                return 2
    except (OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        print(f"warning: assets: {_reason(error)}", file=sys.stderr)
    return 0


def _reason(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
    return f"{why}: pages of another release may miss static files of this one"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
