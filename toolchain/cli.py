"""What `make`, or an installed program, can be asked for, each a few steps in order."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from . import paths, server, stack
from .activation import print_environment
from .admin import images, ledger, logs, one_off, recover, restore, status
from .authority import Authority
from .doctor import doctor
from .errors import Terminated, ToolchainError
from .prepare import get_ready, prepare_docker, prepare_engine
from .progress import Progress
from .shell import stream
from .up import pulumi, up
from .wording import ACTIVATE, typed

DEFAULT_STACK = "" if paths.INSTALLED else "clean-server"
_STACK_HELP = f"its name; {DEFAULT_STACK or 'the only one'} if none is said"
ONE_OFFS = ("manage", "shell", "dbshell", "settings")
LOOK_AFTER = ("ledger", "restore", "recover", "status", "images", "logs", "doctor", *ONE_OFFS)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. User mistakes end in a message, not a traceback."""
    options = _parse(argv)
    signal.signal(signal.SIGTERM, _terminate)
    if options.command != "init":
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
        return typed("env")
    if options.command == "server":
        return server.command(options.address)
    name = getattr(options, "stack", DEFAULT_STACK)
    return typed(options.command, "" if name == DEFAULT_STACK else name)


def _terminate(*_: object) -> None:
    raise Terminated


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    prog = f"python -m {paths.PROGRAM}" if paths.INSTALLED else "python3 -m toolchain"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, says in (
        ("up", "get what is missing, then deploy the stack"),
        ("preview", "show what up would do"),
        ("destroy", "remove the stack's site; its data is kept"),
        ("ledger", "show what ran on the stack's deployment"),
        ("restore", "list the copies of the stack's database, or put one back"),
        ("recover", "put right what an interrupted up left"),
        ("status", "show how the site is"),
        ("images", "say of which images that others make there is a newer one"),
        ("logs", "show what its containers print"),
        ("manage", "run a management command in the serving release"),
        ("shell", "open a shell in the serving release"),
        ("dbshell", "open the database's command line"),
        ("settings", "show what each of the project's settings was, is, and why"),
        ("doctor", "look for what is wrong, and say what mends it"),
    ):
        command = commands.add_parser(name, help=says)
        command.add_argument("--stack", default=DEFAULT_STACK, help=_STACK_HELP)
        _add_options(command, name)
    for name, says in (
        ("engine", "get the Pulumi engine"),
        ("base", "get the base image"),
        ("env", "print what a shell evaluates: {ACTIVATE}"),
        ("prepare", "get what is missing, and deploy nothing"),
    ):
        commands.add_parser(name, help=says.replace("{ACTIVATE}", ACTIVATE))
    _add_server(commands)
    if paths.INSTALLED:
        _add_init(commands)
    else:
        _add_development(commands)
    return parser.parse_args(argv)


def _add_server(commands: Any) -> None:
    command = commands.add_parser("server", help="get a Debian server ready for sites, by ssh")
    command.add_argument("address", nargs="?", default="", help="such as ssh://root@server")
    command.add_argument("--yes", action="store_true", help="go on without asking")
    command.add_argument("--registry", default="", help="one whose authority nobody knows")
    command.add_argument("--ca", default="", help="that authority's own certificate, in PEM")


def _add_init(commands: Any) -> None:
    command = commands.add_parser("init", help="write what deploys a Django project, beside it")
    command.add_argument("path", nargs="?", default=".", help="the project's folder")
    command.add_argument("--settings", default="", help="its settings module for production")


def _add_development(commands: Any) -> None:
    for name, says in (
        ("package", "build the wheel and the source archive"),
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


def _add_options(command: argparse.ArgumentParser, name: str) -> None:
    """What one of the commands about a stack can be told besides the stack."""
    if name in LOOK_AFTER:
        command.add_argument("--site", default="", help="which one, of a program with several")
    if name == "restore":
        command.add_argument("--backup", default="", help="the copy's id")
        command.add_argument("--stay-stopped", default="", help="yes starts nothing again")
    if name == "recover":
        command.add_argument("--dry-run", action="store_true", help="only say what it would do")
        command.add_argument("--take-down", action="store_true", help="also what still serves")
    if name == "status":
        command.add_argument("--json", action="store_true", help="as JSON instead of a table")
    if name == "logs":
        command.add_argument("--of", default="", help="backend, edge or postgres")
        command.add_argument("--lines", default="", help="how many, or all")
        command.add_argument("--follow", action="store_true", help="go on as more is printed")
    if name in ONE_OFFS:
        command.add_argument("--line", default="", help="its words, as one would type them")
        command.add_argument("words", nargs="*", help="its words, after --")


def _run(options: argparse.Namespace) -> int:
    if "stack" in options and not options.stack:
        options.stack = stack.only_one()
    match options.command:
        case "init":
            words = ["--settings", options.settings] if options.settings else []
            return stream([sys.executable, "-m", f"{paths.PROGRAM}.init", options.path, *words])
        case "server":
            authority = Authority.read(options.registry, options.ca)
            return server.server(options.address, yes=options.yes, authority=authority)
        case "up":
            return up(options.stack)
        case "preview" | "destroy":
            return pulumi(options.command, options.stack)
        case command if command in LOOK_AFTER:
            return _look_after(options)
        case "engine" | "base" | "env" | "prepare":
            return get(options.command)
        case _:
            return _develop(options)


def _look_after(options: argparse.Namespace) -> int:
    """What is asked of a site that is there."""
    match options.command:
        case "ledger":
            return ledger(options.stack, options.site)
        case "restore":
            return restore(options.stack, options.site, options.backup, options.stay_stopped)
        case "recover":
            flags = {"--dry-run": options.dry_run, "--take-down": options.take_down}
            return recover(
                options.stack, options.site, [flag for flag, is_set in flags.items() if is_set]
            )
        case "status":
            return status(options.stack, options.site, as_json=options.json)
        case "images":
            return images(options.stack, options.site)
        case "logs":
            return logs(
                options.stack, options.site, options.of, options.lines, follow=options.follow
            )
        case "doctor":
            return doctor(options.stack, options.site)
        case _:
            return one_off(
                options.stack, options.site, options.command, options.line, options.words
            )


def _develop(options: argparse.Namespace) -> int:
    # An installed program has none of it.
    from . import development

    match options.command:
        case "config":
            return development.write_config_docs()
        case "package":
            return development.build_package()
        case _:
            return development.run_tests(options.command, getattr(options, "tests", ""))


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
