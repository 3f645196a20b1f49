"""collectstatic, strict: what it copied, or why it failed."""

import io
import time
from dataclasses import dataclass
from typing import Any

from .errors import DeployError


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The result of one collectstatic.

    Attributes:
        files: files that belong to the site, before hashing and compression.
        copied: those of them that were not there yet.
        post_processed: those that were hashed or compressed.
        seconds: how long it took.
        storage: the storage's dotted path.
        root: where they are; empty if the storage has no folder.
        tolerated: references to missing files that were let pass, in words.
    """

    files: int
    copied: int
    post_processed: int
    seconds: float
    storage: str
    root: str
    tolerated: tuple[str, ...] = ()


def collect_static() -> Collected:
    """Collect static files into STATIC_ROOT; Django must be set up.

    Raises:
        DeployError: a file is missing, or can't be written.
    """
    from django.core.management import call_command

    started = time.monotonic()
    command = _command()
    output = io.StringIO()
    try:
        call_command(command, interactive=False, verbosity=1, stdout=output, stderr=output)
    except Exception as error:
        raise DeployError(f"collectstatic failed: {_reason(error, output.getvalue())}") from error
    copied = len(getattr(command, "copied_files", []))
    return Collected(
        files=copied + len(getattr(command, "unmodified_files", [])),
        copied=copied,
        post_processed=len(set(getattr(command, "post_processed_files", []))),
        seconds=round(time.monotonic() - started, 3),
        storage=storage_path(),
        root=_root(),
        tolerated=tuple(getattr(_storage(), "tolerated", ())),
    )


def collect_into(result: dict[str, Any]) -> str:
    """Collect, enter what was collected into a ledger's result, and say it in a line for people.

    Raises:
        DeployError: see `collect_static`.
    """
    from django.conf import settings

    if "django.contrib.staticfiles" not in settings.INSTALLED_APPS:
        result.update(outcome="nothing to collect", files=0, copied=0)
        return "collectstatic … nothing to collect: django.contrib.staticfiles is not installed"
    done = collect_static()
    result.update(files=done.files, copied=done.copied, post_processed=done.post_processed)
    files = "1 file" if done.files == 1 else f"{done.files} files"
    return f"collectstatic … {files}, {done.copied} copied ({done.seconds:.2f} s)"


def _command() -> Any:
    from django.core.management import get_commands, load_command_class

    app = get_commands()["collectstatic"]
    return load_command_class(app, "collectstatic") if isinstance(app, str) else app


def _reason(error: Exception, output: str) -> str:
    failed = [line for line in output.splitlines() if line.startswith("Post-processing")]
    text = "\n".join([*failed, str(error) or type(error).__name__])
    if isinstance(error, PermissionError):
        text += f"\nSTATIC_ROOT ({_root()}) must be writable for the user that collects"
    return text.strip()


def storage_path() -> str:
    """The dotted path of the storage of static files."""
    kind = _storage().__class__
    return f"{kind.__module__}.{kind.__qualname__}"


def _storage() -> Any:
    from django.contrib.staticfiles.storage import staticfiles_storage

    return staticfiles_storage


def _root() -> str:
    return str(getattr(_storage(), "location", "") or "")
