"""`make status`, `make logs`, `make manage`, …: they look after a site that is there."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from . import daemon, paths, stack
from .errors import ToolchainError
from .prepare import prepare_engine, prepare_python, pulumi_environment
from .progress import Progress
from .shell import stream
from .wording import manage


def ledger(name: str, site: str) -> int:
    """What ran on the stack's deployment, from the Docker host alone: Pulumi isn't asked."""
    return _ask(name, site, "ledger.show")


def status(name: str, site: str, *, as_json: bool) -> int:
    """How the stack's site is, from the Docker host alone."""
    return _ask(name, site, "operate.status", *(["--json"] if as_json else []))


def images(name: str, site: str) -> int:
    """Whether there are newer ones of the images that others make: registries are asked."""
    keys = {"--base": "image.base", "--database": "database.image", "--release": "releases.image"}
    said = {option: stack.config_value(name, key) for option, key in keys.items()}
    words = [f"{option}={value}" for option, value in said.items() if value]
    # It needs more than the standard library.
    return _ask(name, site, "operate.images", *words, python=str(paths.VENV / "bin/python"))


def logs(name: str, site: str, of: str, lines: str, *, follow: bool) -> int:
    """What the site's containers print, without its secrets."""
    chosen = [*(["--of", of] if of else []), *(["--tail", lines] if lines else [])]
    return _ask(name, site, "operate.logs", *chosen, *(["--follow"] if follow else []))


def one_off(name: str, site: str, kind: str, line: str, words: Sequence[str] = ()) -> int:
    """Runs a command by hand in the serving release; returns its exit code.

    `line` holds words of its command line as one would type them; `words` are further ones.
    """
    try:
        told = [*shlex.split(line), *words]
    except ValueError as error:
        raise ToolchainError(f"the command can't be read: {error}: {line}", _QUOTES) from None
    if kind == "manage" and not told:
        raise ToolchainError("which command?", f"Such as: {manage('check --deploy')}")
    return _ask(name, site, "operate.one_off", kind, *(["--", *told] if told else []))


_LINE = "shell -c 'print(1)'"
_QUOTES = f"Quote what has blanks in it, such as: {manage(_LINE)}"


def _ask(name: str, site: str, module: str, *words: str, python: str = sys.executable) -> int:
    """Runs a module of the program that looks after a deployment: the one of the stack `name`.

    `site` says which of them, where there are several; `python` is what runs it.
    """
    stack.check(name)
    stack.go_to_host(name)
    command = [python, "-m", f"{paths.PROGRAM}.{module}", stack.deployment(name, site)]
    return stream([*command, *words])


def restore(name: str, site: str, backup: str, stay_stopped: str) -> int:
    """Lists the copies of the stack's database, or puts one back: Pulumi isn't asked."""
    if stay_stopped not in ("", "yes", "no"):
        raise ToolchainError(f"STAY_STOPPED is {stay_stopped!r}", "Use yes, or leave it out.")
    stays = ["--stay-stopped"] if stay_stopped == "yes" else []
    return _ask(name, site, "data.restore", *([backup] if backup else []), *stays)


def recover(name: str, site: str, flags: Sequence[str]) -> int:
    """What an interrupted `up` left of the stack is put right; what serves goes on serving."""
    stack.check(name)
    progress = Progress()
    prepare_python(progress)
    engine = prepare_engine(progress)
    named_by = stack.go_to_host(name)
    with progress.step("docker") as step:
        daemon.ensure(step, os.environ, may_install=False, named_by=named_by)
    env = pulumi_environment(engine)
    # Not selected first: a state that is half written can't be, until this has mended it.
    chosen = ["--site", site] if site else []
    with stack.file_as_it_was(name):
        words = ["-m", f"{paths.PROGRAM}.recover", name, *chosen, *flags]
        return stream(["python", *words], env=env)
