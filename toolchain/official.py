"""Pulumi's own release of the engine, where its host can be reached."""

from __future__ import annotations

import http.client
import platform
import shutil
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from . import paths
from .errors import ToolchainError
from .progress import Step, duration
from .wording import typed

HOST = "get.pulumi.com"
RELEASES = f"https://{HOST}/releases/sdk"
# A network that drops packets instead of refusing them must not cost more than this.
SECONDS_TO_ANSWER = 4.0
SECONDS_OF_SILENCE = 30.0
# Asking hosts that drop packets costs seconds: not at every `make up`.
SECONDS_TO_REMEMBER = 3600.0
CHUNK = 1 << 20
ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def archive_url(version: str, base: str = RELEASES) -> str:
    """Where the release for this machine is served; empty if there is none for it."""
    architecture = ARCHITECTURES.get(platform.machine().lower())
    system = platform.system().lower()
    if architecture is None or system not in {"linux", "darwin"}:
        return ""
    return f"{base}/pulumi-v{version}-{system}-{architecture}.tar.gz"


def reachable(url: str, seconds: float = SECONDS_TO_ANSWER) -> bool:
    """Whether `url` is served to us, found out within `seconds` (name resolution included)."""
    if not url:
        return False
    result: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                result.append(response.status == http.HTTPStatus.OK)
        except (OSError, http.client.HTTPException):
            result.append(False)

    # A thread, because no time-out of ours reaches into the resolver.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(result and result[0])


def install(url: str, folder: Path, step: Step) -> None:
    """Downloads the release at `url` and unpacks its programs into `folder`/bin.

    `folder` comes into being whole or not at all. Raises ToolchainError.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _unpack(_download(url, part / "archive", step), part)
        (part / "archive").unlink()
        program = next(path for path in part.rglob("pulumi") if path.is_file())
        program.parent.rename(part / "bin-found")
        for path in part.iterdir():
            if path.name != "bin-found":
                shutil.rmtree(path)
        (part / "bin-found").rename(part / "bin")
        part.rename(folder)
    except StopIteration as error:
        raise ToolchainError(f"there is no program named pulumi in {url}") from error
    except (OSError, EOFError, http.client.HTTPException, tarfile.TarError) as error:
        raise ToolchainError(f"downloading {url} failed: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _download(url: str, target: Path, step: Step) -> Path:
    with (
        urllib.request.urlopen(url, timeout=SECONDS_OF_SILENCE) as response,
        target.open("wb") as output,
    ):
        total = int(response.headers.get("Content-Length") or 0)
        _copy(response, output, total, step)
    return target


def _copy(source: IO[bytes], output: IO[bytes], total: int, step: Step) -> None:
    done = 0
    while chunk := source.read(CHUNK):
        output.write(chunk)
        done += len(chunk)
        step.update(f"downloading: {done >> 20} of {total >> 20 or '?'} MB")


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(folder)


def _note(env: Mapping[str, str]) -> Path:
    return paths.cache_dir(env) / "official-engine-refused"


def remember(env: Mapping[str, str], why: str) -> None:
    """Notes why the official engine could not be had."""
    note = _note(env)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(why + "\n")


def recall(env: Mapping[str, str]) -> str:
    """Why the official engine could not be had, if that was a moment ago; else empty."""
    try:
        ago = time.time() - _note(env).stat().st_mtime
        why = _note(env).read_text().strip()
    except OSError:
        return ""
    if not 0 <= ago < SECONDS_TO_REMEMBER:
        return ""
    return f"{why} ({duration(ago)} ago; `{typed('engine')}` asks again)"
