"""The stack: that it is known, that it exists, and what its config file says in plain text."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import paths
from .errors import ToolchainError
from .progress import Step
from .shell import answer, run
from .wording import typed

_FIRST = f"In the folder of a Django project:  python -m {paths.PROGRAM} init"
_place = paths.program("place")
WRONG_PASSPHRASE = "incorrect passphrase"
_NO_PASSPHRASE = "passphrase must be set"
_ANOTHER = """\
`pulumi stack init NAME` makes another, with a file of its own beside Pulumi.yaml."""
_ANOTHER_HERE = """\
To make another, take the file of the one that is most alike, as it was committed (what was set in
it since, secrets among it, is that stack's own), and edit it:
  git show HEAD:stacks/Pulumi.clean-server.yaml > stacks/Pulumi.my-site.yaml
  make up STACK=my-site"""


def config_file(stack: str, folder: Path = paths.STACKS) -> Path:
    """Where the config of `stack` is kept."""
    return folder / f"Pulumi.{stack}.yaml"


def known(folder: Path = paths.STACKS) -> list[str]:
    """The stacks that have a config file."""
    files = sorted(folder.glob("Pulumi.*.yaml"))
    return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files]


def only_one(folder: Path = paths.STACKS) -> str:
    """The stack that is meant where none is named."""
    there = known(folder)
    if len(there) == 1:
        return there[0]
    if there:
        raise ToolchainError(f"there are several stacks: {', '.join(there)}", "Use --stack NAME.")
    raise ToolchainError(f"there is no stack: no Pulumi.NAME.yaml in {folder}", _FIRST)


def check(stack: str, folder: Path = paths.STACKS) -> None:
    """Raises ToolchainError for a stack without a config file: Pulumi would take it as empty."""
    if stack in known(folder):
        return
    file = config_file(stack, folder)
    there = ", ".join(known(folder)) or "none"
    raise ToolchainError(
        f"there is no stack {stack!r}: {file} does not exist",
        f"Stacks there are: {there}.\n{_another()}",
    )


def config_value(stack: str, key: str, folder: Path = paths.STACKS) -> str:
    """The plain text of `key`, such as ``image.base``, in the stack's file; empty if it has none.

    YAML takes a package, so the project's virtual environment is asked.
    """
    words = [*_reader(), str(config_file(stack, folder)), key]
    found, text = answer(words, cwd=paths.ROOT, seconds=60)
    if not found:
        raise ToolchainError(
            f"the stack's file can't be read: {config_file(stack, folder)}",
            f"Put right what is said below; if there is no virtual environment yet: {typed('env')}",
            output=text.splitlines()[-1:],
        )
    return text.strip()


def go_to_host(stack: str, folder: Path = paths.STACKS) -> str:
    """Has all that follows talk to the Docker daemon that the key `host` names, if it names one.

    Returns what named it, for people; empty where that is left to the docker client.
    """
    said = config_value(stack, "host", folder)
    try:
        host = paths.program("docker_address").docker_address(said)
    except ValueError as error:
        where = f"{config_file(stack, folder)}: host is {_without_password(said)!r}"
        remedy = f"`pulumi config set host ssh://USER@HOST -s {stack}`"
        raise ToolchainError(f"{where}, which {error}", remedy) from None
    paths.program("host.reach").go_to(host)
    return f"the key host of {config_file(stack, folder).name}" if host else ""


def _without_password(address: str) -> str:
    return re.sub(r":[^/@]+@", ":…@", address)


def _reader() -> list[str]:
    return [str(paths.VENV / "bin/python"), "-m", f"{paths.PROGRAM}.config.stack_file"]


@contextmanager
def file_as_it_was(stack: str, folder: Path = paths.STACKS) -> Iterator[None]:
    """While the block runs, Pulumi may write the stack's file anew; afterwards it is as it was.

    Pulumi does so to add what encrypts the state's secrets, which the state has, too. What else
    somebody writes into it meanwhile stays.
    """
    file = config_file(stack, folder)
    before = file.read_bytes() if file.is_file() else b""
    try:
        yield
    finally:
        if before and file.is_file() and file.read_bytes() != before:
            words = [*_reader(), str(file)]
            told = subprocess.run(
                words, cwd=paths.ROOT, input=before, capture_output=True, check=False
            )
            if told.returncode == 0:
                file.write_bytes(before)


def deployment(stack: str, site: str = "") -> str:
    """The name of the stack's deployment, as the program derives it.

    Args:
        stack: the stack's name.
        site: which of its sites, where the program is somebody's own; "" for the only one.
    """
    if site or is_own_program():
        return _chosen(stack, site)
    default: str = _place.default_deployment(stack)
    return config_value(stack, "deployment") or default


def is_own_program() -> bool:
    """The Pulumi program is somebody's own, with sites as components."""
    own: bool = paths.program("operate.sites").is_own_program(paths.ROOT)
    return own


def _chosen(stack: str, site: str) -> str:
    words = [str(paths.VENV / "bin/python"), "-m", f"{paths.PROGRAM}.operate.sites"]
    found, text = answer([*words, paths.PROJECT, stack, site], cwd=paths.ROOT, seconds=60)
    if not found:
        problem, _, remedy = text.partition("\nWhat to do: ")
        raise ToolchainError(problem, remedy)
    return text


def _another() -> str:
    return _ANOTHER if paths.INSTALLED else _ANOTHER_HERE


def ensure(step: Step, stack: str, env: Mapping[str, str]) -> None:
    """Creates `stack` where there is none. Which one is selected for plain pulumi stays."""
    found, text = answer(["pulumi", "config", "-s", stack], env=env, seconds=60)
    if found:
        step.already(stack)
        return
    try:
        if "no stack named" not in text:
            raise ToolchainError(f"the stack {stack} cannot be used", output=text.splitlines())
        run(["pulumi", "stack", "init", "--no-select", stack], on_line=step.update, env=env)
    except ToolchainError as error:
        why = remedy("\n".join(error.output))
        raise ToolchainError(error.problem, why, error.output) from error
    step.done(f"{stack}, created")


def diagnose(stack: str, env: Mapping[str, str]) -> str:
    """What to do after a failed Pulumi command, as far as its own message did not say."""
    # Unlike `pulumi config`, this needs the passphrase, whatever is in the stack's file.
    _, text = answer(["pulumi", "stack", "-s", stack], env=env, seconds=30)
    return remedy(text)


def remedy(text: str) -> str:
    """The remedy for what Pulumi said, where this project knows a better one than Pulumi does."""
    if WRONG_PASSPHRASE in text:
        return (
            "The stack's secrets were encrypted with another passphrase than yours.\n"
            "Get it from whoever made the stack, and set PULUMI_CONFIG_PASSPHRASE_FILE to a file\n"
            "that holds it. If nobody has it any more: docs/recovery.md, The passphrase is lost."
        )
    if _NO_PASSPHRASE in text:
        return (
            "No passphrase is made here for a state that is not this machine's alone: it would be\n"
            "lost with the machine, and the stack's secrets with it. Set\n"
            "PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds the one of all who deploy; for a\n"
            "new stack: (umask 077; head -c 32 /dev/urandom | base64 > FILE), and keep it."
        )
    return ""
