"""What `make` can be asked for, each a few steps in order."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import signal
import sys
from collections.abc import Sequence

from . import base_image, daemon, engines, environment, paths, stack, testing, turns, venv
from .errors import Terminated, ToolchainError
from .progress import Progress, duration
from .shell import answer, stream

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
    if options.command == "prepare":
        return "make env"
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
        ("prepare", "get what is missing, and deploy nothing"),
        ("config", "write what Pulumi and people read about the config keys"),
        ("check", "lint, type check, and whether what is generated is up to date"),
        ("test-unit", "unit tests"),
        ("test-integration", "integration tests"),
        ("test", "checks, unit tests, and the essential integration tests"),
        ("test-all", "all checks and tests"),
        ("ci", "what CI runs: the same as test, then whole modules while there is time"),
    ):
        command = commands.add_parser(name, help=says)
        if name == "test-integration":
            command.add_argument("--tests", default="", help="files and options for pytest")
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
        case "engine" | "base" | "env" | "prepare":
            return get(options.command)
        case "config":
            return write_config_docs()
        case _:
            return run_tests(options.command, getattr(options, "tests", ""))


def get(wanted: str) -> int:
    """What Pulumi needs, all of it or one thing; nothing is deployed."""
    match wanted:
        case "engine":
            prepare_engine(Progress(), ask_again=True)
        case "base":
            prepare_docker(Progress())
        case "env":
            print_environment()
        case _:
            get_ready()
    return 0


def prepare_python(progress: Progress, *, dev: bool = False) -> None:
    """The interpreter is there, or nothing would run; the environment is made from the lock."""
    with progress.step("python") as step:
        step.already(f"Python {platform.python_version()}, {venv.python()}")
    with progress.step("environment") as step:
        venv.ensure(step, dev=dev)


def prepare_engine(progress: Progress, *, ask_again: bool = False) -> engines.Engine:
    """An engine, found or got."""
    with progress.step("engine") as step:
        return engines.ensure(step, os.environ, ask_again=ask_again)


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
    words = [sys.executable, "-m", "components.ledger.show", stack.deployment(name)]
    return stream(words)


def restore(name: str, backup: str, stay_stopped: str) -> int:
    """Lists the copies of the stack's database, or puts one back: Pulumi isn't asked."""
    stack.check(name)
    if stay_stopped not in ("", "yes", "no"):
        raise ToolchainError(f"STAY_STOPPED is {stay_stopped!r}", "Use yes, or leave it out.")
    words = [sys.executable, "-m", "components.data.restore", stack.deployment(name)]
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
    return stream(["python", "-m", "components.recover", name, *flags], env=env)


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


def get_ready() -> None:
    """Everything that plain `pulumi` needs; no stack is made and nothing is deployed."""
    progress = Progress()
    prepare_python(progress)
    prepare_engine(progress)
    prepare_docker(progress)
    print(f"""
Everything that Pulumi needs is there, and nothing was deployed.

  For what follows, once in your shell:  {ACTIVATE}

  A site of your own   pulumi stack init NAME   (docs/your-own-project.md goes on from here)
  The example          make up""")


def print_environment() -> None:
    """For `activate`: assignments on stdout. Gets nothing, builds nothing and asks no network."""
    engine = engines.find(os.environ)
    if engine is None:
        raise ToolchainError("there is no Pulumi engine yet", "Run `make env` first.")
    problem = venv.problem(paths.VENV, paths.ROOT, venv.LOCK)
    if problem:
        raise ToolchainError(problem, _environment_remedy())
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    print(
        "\n".join(filter(None, (str(engine), engines.why_not_yours(engine, os.environ)))),
        file=sys.stderr,
    )
    print(environment.shell_text(environment.tools(engine, os.environ), exports))


def _environment_remedy() -> str:
    maker = venv.maker(paths.VENV)
    if not maker or maker == str(venv.python().resolve()):
        return "Run `make env`: it makes the environment anew."
    return (
        f"To use that Python:  PYTHON={shlex.quote(maker)} {ACTIVATE}\nTo use this one:  make env"
    )


def write_config_docs() -> int:
    """`Pulumi.yaml`, `docs/configuration.md` and the README say what the keys' declarations say."""
    prepare_python(Progress(), dev=True)
    return stream([testing.python(), "-m", "toolchain.config_docs"])


def run_tests(name: str, chosen: str = "") -> int:
    """Runs the tests and checks of one command of the Makefile."""
    clock = turns.Clock()
    progress = Progress()
    commands, integration = testing.TESTS[name]
    env = _test_environment(progress, integration=integration)
    if name == "test-integration":
        commands = testing.integration_tests(chosen)
    if name == "ci":
        return turns.run(env, progress, clock)
    return testing.verdict(testing.run_all(commands, env, progress), progress)


def _test_environment(progress: Progress, *, integration: bool) -> dict[str, str]:
    prepare_python(progress, dev=True)
    if not integration:
        return {**os.environ, "PATH": f"{paths.VENV / 'bin'}:{os.environ.get('PATH', '')}"}
    engine = prepare_engine(progress)
    prepare_docker(progress)
    return environment.applied(os.environ, environment.tools(engine, os.environ))
