"""What `make` can be asked for, each a few steps in order."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Sequence

from . import base_image, daemon, engines, environment, paths, stack, venv
from .errors import Terminated, ToolchainError
from .progress import Progress, duration
from .shell import answer, stream

# What Python is asked to run, from the checkout's root.
CHECKS = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy", "."),
)
UNIT_TESTS = (
    ("-m", "pytest", "-n", "2", "tests/unit"),
    ("example/manage.py", "test", "catalogue", "editorial", "lanterna"),
)
# Two files side by side: much of what they do is waiting. Tests of one file share a site, in order.
INTEGRATION_TESTS = (("-m", "pytest", "-n", "2", "--dist", "loadfile", "tests/integration"),)
# What is run for each, and whether it needs the engine and a daemon.
TESTS: dict[str, tuple[tuple[tuple[str, ...], ...], bool]] = {
    "check": (CHECKS, False),
    "test-unit": (UNIT_TESTS, False),
    "test-integration": (INTEGRATION_TESTS, True),
    "test": ((*CHECKS, *UNIT_TESTS, *INTEGRATION_TESTS), True),
}
DEFAULT_STACK = "clean-server"
ACTIVATE = "source ./activate"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. User mistakes end in a message, not a traceback."""
    options = _parse(argv)
    signal.signal(signal.SIGTERM, _terminate)
    os.chdir(paths.ROOT)
    try:
        return _run(options)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = f"run `{_again(options)}` again: it continues where it stopped"
        print(f"\ninterrupted; {again}", file=sys.stderr)
        return 130


def _again(options: argparse.Namespace) -> str:
    if options.command == "env":
        return ACTIVATE
    name = getattr(options, "stack", DEFAULT_STACK)
    return f"make {options.command}" + (f" STACK={name}" if name != DEFAULT_STACK else "")


def _terminate(*_: object) -> None:
    raise Terminated


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, says in (
        ("up", "get what is missing, then deploy the stack"),
        ("preview", "show what up would do"),
        ("destroy", "remove the stack's site; its data is kept"),
        ("ledger", "show what ran on the stack's deployment"),
        ("restore", "list the copies of the stack's database, or put one back"),
        ("recover", "put right what an interrupted up left"),
    ):
        command = commands.add_parser(name, help=says)
        command.add_argument("--stack", default=DEFAULT_STACK)
        if name == "restore":
            command.add_argument("--backup", default="", help="the copy's id")
            command.add_argument("--stay-stopped", default="", help="yes starts nothing again")
        if name == "recover":
            command.add_argument("--dry-run", action="store_true", help="only say what it would do")
            command.add_argument("--take-down", action="store_true", help="also what still serves")
    for name, says in (
        ("engine", "get the Pulumi engine"),
        ("base", "get the base image"),
        ("env", "print what `source ./activate` evaluates"),
        ("check", "lint and type check"),
        ("test-unit", "unit tests"),
        ("test-integration", "integration tests"),
        ("test", "all checks and tests"),
    ):
        commands.add_parser(name, help=says)
    return parser.parse_args(argv)


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "up":
            return up(options.stack)
        case "preview" | "destroy":
            return pulumi(options.command, options.stack)
        case "ledger":
            return ledger(options.stack)
        case "restore":
            return restore(options.stack, options.backup, options.stay_stopped)
        case "recover":
            flags = {"--dry-run": options.dry_run, "--take-down": options.take_down}
            return recover(options.stack, [flag for flag, is_set in flags.items() if is_set])
        case "engine":
            prepare_engine(Progress())
        case "base":
            prepare_docker(Progress())
        case "env":
            print_environment()
        case _:
            commands, integration = TESTS[options.command]
            return _tests(commands, integration=integration)
    return 0


def prepare_python(progress: Progress, *, dev: bool = False) -> None:
    """The interpreter is there, or nothing would run; the environment is made from the lock."""
    with progress.step("python") as step:
        step.already(f"Python {platform.python_version()}, {venv.python()}")
    with progress.step("environment") as step:
        venv.ensure(step, dev=dev)


def prepare_engine(progress: Progress) -> engines.Engine:
    """An engine, found or got."""
    with progress.step("engine") as step:
        return engines.ensure(step, os.environ)


def prepare_docker(
    progress: Progress, *, configured_base: str = "", may_install: bool = True
) -> None:
    """A daemon that answers, and the base image in it."""
    with progress.step("docker") as step:
        daemon.ensure(step, os.environ, may_install=may_install)
    with progress.step("base image") as step:
        base_image.ensure(step, os.environ, configured_base)


def prepare(progress: Progress, name: str, *, may_install: bool = True) -> dict[str, str]:
    """Everything that Pulumi needs for the stack `name`; returns the environment to run it in."""
    stack.check(name)
    prepare_python(progress)
    engine = prepare_engine(progress)
    base = stack.config_value(name, "baseImage")
    prepare_docker(progress, configured_base=base, may_install=may_install)
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    env = environment.applied(os.environ, environment.tools(engine, os.environ), exports)
    with progress.step("stack") as step:
        stack.ensure(step, name, env)
    return env


def up(name: str) -> int:
    """From a bare machine to a running site."""
    progress = Progress()
    env = prepare(progress, name)
    with progress.step("pulumi up", silent=True) as step:
        code = stream(["pulumi", "up", "--yes", "-s", name], env=env)
        step.done("done" if code == 0 else f"failed (exit code {code})")
    if code != 0:
        _explain_failure("up", name, env)
        return code
    _farewell(name, env, progress)
    return 0


def pulumi(command: str, name: str) -> int:
    """Preview, or destroy: that one asks first, unless there is nobody to answer."""
    env = prepare(Progress(), name, may_install=command == "preview")
    unattended = command == "destroy" and not sys.stdin.isatty()
    code = stream(["pulumi", command, *(["--yes"] if unattended else []), "-s", name], env=env)
    if code != 0:
        _explain_failure(command, name, env)
    return code


def ledger(name: str) -> int:
    """What ran on the stack's deployment, from the Docker host alone: Pulumi isn't asked."""
    stack.check(name)
    words = [sys.executable, "-m", "components.commands.ledger", stack.deployment(name)]
    return stream(words)


def restore(name: str, backup: str, stay_stopped: str) -> int:
    """Lists the copies of the stack's database, or puts one back: Pulumi isn't asked."""
    stack.check(name)
    if stay_stopped not in ("", "yes", "no"):
        raise ToolchainError(f"STAY_STOPPED is {stay_stopped!r}", "Use yes, or leave it out.")
    words = [sys.executable, "-m", "components.commands.restore", stack.deployment(name)]
    if backup:
        words.append(backup)
    return stream([*words, *(["--stay-stopped"] if stay_stopped == "yes" else [])])


def recover(name: str, flags: Sequence[str]) -> int:
    """What an interrupted `up` left of the stack is put right; what serves goes on serving."""
    stack.check(name)
    progress = Progress()
    prepare_python(progress)
    engine = prepare_engine(progress)
    with progress.step("docker") as step:
        daemon.ensure(step, os.environ, may_install=False)
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    env = environment.applied(os.environ, environment.tools(engine, os.environ), exports)
    # Not selected first: a state that is half written can't be, until this has mended it.
    return stream(["python", "-m", "components.commands.recover", name, *flags], env=env)


def _explain_failure(command: str, name: str, env: dict[str, str]) -> None:
    remedy = stack.diagnose(name, env) or (
        "Put right what it names, and run the same again. If an earlier run was cut off (a lock,\n"
        f"pending operations, an unreadable state): `make recover STACK={name}`."
    )
    error = ToolchainError(f"pulumi {command} failed: what went wrong is said above", remedy)
    print(error, file=sys.stderr)


def _farewell(name: str, env: dict[str, str], progress: Progress) -> None:
    _, url = answer(["pulumi", "stack", "output", "url", "-s", name], env=env, seconds=60)
    user = stack.config_value(name, "adminUser") or "admin"
    phases = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in progress.phases)
    print(f"""
The site is up: {url}

  For what follows, once in your shell:  {ACTIVATE}

  Log in     as {user}; the password:  pulumi config get adminPassword -s {name}
  Preview    pulumi preview -s {name}
  Outputs    pulumi stack output -s {name}
  Destroy    pulumi destroy -s {name}   (data, media and secrets are kept)

{duration(progress.elapsed)} in all: {phases}""")


def print_environment() -> None:
    """For `activate`: assignments on stdout. Gets nothing and builds nothing."""
    engine = engines.find(os.environ)
    if engine is None or not venv.current(paths.VENV, paths.ROOT, venv.LOCK):
        missing = "Pulumi engine" if engine is None else "current virtual environment (.venv)"
        raise ToolchainError(f"there is no {missing} yet", "Run `make up` first.")
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    print(environment.shell_text(environment.tools(engine, os.environ), exports))


def _tests(commands: Sequence[Sequence[str]], *, integration: bool) -> int:
    """Runs all of `commands`, whatever fails, and says in the end which did."""
    progress = Progress()
    prepare_python(progress, dev=True)
    env = {**os.environ, "PATH": f"{paths.VENV / 'bin'}:{os.environ.get('PATH', '')}"}
    if integration:
        engine = prepare_engine(progress)
        prepare_docker(progress)
        env = environment.applied(os.environ, environment.tools(engine, os.environ))
    failed = []
    for command in commands:
        title = " ".join(command).removeprefix("-m ")
        print(f"\n$ {title}", flush=True)
        with progress.step(title.split()[0], silent=True) as step:
            code = stream([paths.VENV / "bin" / "python", *command], env=env)
            step.done(f"{title}: {'passed' if code == 0 else f'FAILED (exit code {code})'}")
        failed += [title] if code else []
    verdict = f"FAILED: {'; '.join(failed)}" if failed else "all passed"
    print(f"\n{verdict} ({duration(progress.elapsed)})")
    return 1 if failed else 0
