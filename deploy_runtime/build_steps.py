"""The steps of the build: `python -m deploy_runtime.build_steps`.

DEPLOY_BUILD_STEPS is their JSON list. One whose first word is a management command of the project
runs as such, in the folder of its modules; anything else is a shell command, in the folder that is
the project's (DEPLOY_ROOT). All are looked at before the first one runs, and the project with them.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from . import build, steps
from .environment import masked
from .errors import DeployError

# What is not installed for itself: the Debian package that has it.
_PACKAGES = {
    **{"npx": "npm", "node": "nodejs", "msgfmt": "gettext", "sass": "sassc", "cc": "gcc"},
    **{"corepack": "node-corepack", "yarn": "yarnpkg", "g++": "g++"},
}
_GETTEXT = {"compilemessages": "msgfmt", "makemessages": "xgettext"}
_LAST_LINES = 20


def main() -> int:
    """Run all steps; print the error, without a stack trace, if one fails."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    try:
        run(os.environ)
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(environ: Mapping[str, str]) -> None:
    """Look at the project and at all steps, then run them in order.

    Raises:
        DeployError: something is wrong with the project or with a step; or the first that failed.
    """
    wanted = steps.words_from(environ, "DEPLOY_BUILD_STEPS")
    found = build.load(environ)
    commands = _management_commands()
    found.get(lambda: _check(wanted, commands))
    found.refuse()
    wanted = list(_with_collected(wanted))
    for number, step in enumerate(wanted, start=1):
        print(f"[{number}/{len(wanted)}] {step}", flush=True)
        _run(step, commands, environ)


def _with_collected(wanted: Sequence[str]) -> Iterator[str]:
    # What django-compressor makes is found by the names of static files as they are served, and
    # those have hashes once they are collected.
    collected = False
    for step in wanted:
        name = steps.split(step)[0]
        if name == "compress" and not collected and _uses_compressor():
            yield "collectstatic --noinput"
        collected = collected or "collectstatic" in step
        yield step


def _uses_compressor() -> bool:
    from django.apps import apps

    return bool(apps.is_installed("compressor"))


def _management_commands() -> Sequence[str]:
    from django.core.management import get_commands

    return sorted(get_commands())


def _check(wanted: Sequence[str], commands: Sequence[str]) -> None:
    problems = [line for step in wanted for line in _problems(step, commands)]
    if problems:
        raise DeployError("\n".join(["build steps that can't run (image.buildSteps):", *problems]))


def _problems(step: str, commands: Sequence[str]) -> Iterator[str]:
    name = steps.split(step)[0]
    if name in commands:
        tool = _GETTEXT.get(name)
        if tool and not shutil.which(tool):
            yield f"  {step!r} needs gettext: {_install('gettext')}"
        return
    syntax = subprocess.run(["sh", "-n", "-c", step], capture_output=True, text=True, check=False)
    if syntax.returncode:
        yield f"  {step!r} is no shell command: {syntax.stderr.strip()}"
    # A program of a path may be made by an earlier step, and words such as A=b are for the shell.
    elif (name.isidentifier() or name.replace("-", "").isalnum()) and not _known(name):
        yield (
            f"  {name!r} is neither a management command of the project nor a program of the "
            f"image: correct {step!r}, or {_install(_PACKAGES.get(name, name))}"
        )


def _known(name: str) -> bool:
    words = ["sh", "-c", f"command -v {shlex.quote(name)}"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _install(package: str) -> str:
    following = (os.environ.get("APT_NEXT") or "0 0").split()[1]
    return f"`pulumi config set --path 'image.buildAptPackages[{following}]' {package}`"


def _run(step: str, commands: Sequence[str], environ: Mapping[str, str]) -> None:
    words = steps.split(step)
    if words[0] in commands:
        done = _shown([sys.executable, "-m", "django", *words], None)
    else:
        done = _shown(["sh", "-e", "-c", step], environ.get("DEPLOY_ROOT") or None)
    code, lines = done
    if code:
        last = [f"  {line}" for line in lines[-_LAST_LINES:]]
        raise DeployError(
            "\n".join(
                [f"the build step {step!r} failed with exit code {code} (image.buildSteps).", *last]
            )
        )


def _shown(words: Sequence[str], folder: str | None) -> tuple[int, list[str]]:
    """Run a command, and show what it prints; return its exit code and its last lines."""
    lines: list[str] = []
    with subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            text = masked(line.decode(errors="replace").rstrip())
            print(f"  {text}", flush=True)
            lines = [*lines[1 - _LAST_LINES :], text]
    return process.returncode, lines


if __name__ == "__main__":
    sys.exit(main())
