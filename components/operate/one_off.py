"""A command by hand: `python3 -m components.operate.one_off DEPLOYMENT KIND [WORDS]`.

    manage COMMAND [WORDS]   what `manage.py` is told
    shell                    a shell, where `python -m django` has the site's settings and secrets
    dbshell                  the database's own command line
    settings                 what each of the project's settings was, is, and why

It runs in a container of its own, made like the one that serves: of its image, with its variables,
secrets and volumes, on the network on which it reaches the database. That container mounts nothing
that an update removes, so it lives on until the command ends, whatever is deployed meanwhile.
Visitors never reach it.
"""

import argparse
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from deploy_runtime.client_words import client_words

from ..container_defaults import restricted_like
from ..host import one_shot, reach
from ..host.client import docker, docker_attached, docker_or_fail, fail, inspect
from ..inside import ASSETS, SECRETS, STATIC, VERDICT
from ..own_commands import manage, run_module, typed
from ..place import ONE_OFF, RELEASE, Place
from ..place import options as label_options
from ..step_output import say
from . import command, database_shell, site

# What a release's update removes: secrets that were changed, static files of a release, hashed ones
# of the last. The first are copied, the others come from the image or are of no use here.
_COPIED = (SECRETS,)
_FROM_IMAGE = (STATIC,)
_LEFT_OUT = (ASSETS, VERDICT)


def main() -> None:
    """Run what the command line says, in the serving release; its exit code is this one's."""
    parser = argparse.ArgumentParser(prog=run_module("operate.one_off"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument(
        "kind", choices=["manage", "shell", "dbshell", "settings"], help="what is run"
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, help="what it is told")
    options = parser.parse_args()
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if options.kind == "manage" and not words:
        fail(f"manage: which command? As in `{manage('check --deploy')}`", 2)
    command.run(lambda: run(options.deployment, options.kind, words))


def run(deployment: str, kind: str, words: Sequence[str]) -> int:
    """Run one in the serving release, with this command's input and output.

    Args:
        deployment: the deployment's name.
        kind: "manage", "shell", "dbshell" or "settings".
        words: what it is told.

    Returns:
        Its exit code.
    """
    serving = site.described(site.serving(deployment)[-1])
    if kind == "dbshell":
        tools = database_shell.tools(deployment, serving)
        if tools:
            return _in_tools(deployment, serving, tools, words)
    told = ["python", "-m", "deploy_runtime.one_off", kind, *words]
    return attached(deployment, [*like(serving, deployment), serving["Image"], *told], serving)


def _in_tools(deployment: str, serving: dict[str, Any], tools: str, words: Sequence[str]) -> int:
    alias, told = client_words(words)
    address = database_shell.address(deployment, serving, alias)
    networks = ["--network", _networks(serving, deployment)[0]]
    options = [*networks, *database_shell.options(), tools, *database_shell.words(told)]
    with database_shell.recorded(deployment, serving) as ended:
        ended.append(attached(deployment, options, serving, address))
    return ended[-1]


def like(serving: dict[str, Any], deployment: str) -> list[str]:
    """The options of `docker create` by which a container is like the one that serves.

    Args:
        serving: what the daemon knows of that.
        deployment: the deployment's name.
    """
    mounts = [word for mount in _mounts(serving) for word in ("--mount", mount)]
    networks = ["--network", _networks(serving, deployment)[0]]
    return [*networks, *one_shot.environment(serving), *mounts, *restricted_like(serving)]


def _networks(serving: dict[str, Any], deployment: str) -> list[str]:
    """On which it reaches what it needs; on those for visitors it would only be in their way."""
    place = Place(deployment)
    visitors = {place.front, place.traffic, place.ingress}
    named = [name for name in serving["NetworkSettings"]["Networks"] if name not in visitors]
    # The deployment's own comes first, with the database on it.
    return sorted(named, key=lambda name: name != deployment) or ["bridge"]


def _mounts(serving: dict[str, Any]) -> Iterator[str]:
    for mount in serving["Mounts"]:
        target = mount["Destination"]
        if target in (*_COPIED, *_FROM_IMAGE):
            yield f"type=volume,target={target}"
        elif mount["Type"] in ("volume", "bind") and target not in _LEFT_OUT:
            source = mount["Name"] if mount["Type"] == "volume" else mount["Source"]
            read_only = "" if mount["RW"] else ",readonly"
            yield f"type={mount['Type']},source={source},target={target}{read_only}"


def attached(
    deployment: str, words: Sequence[str], serving: dict[str, Any], *files: tuple[str, bytes]
) -> int:
    """Run a container with this command's terminal, or its input and output; return its exit code.

    Args:
        deployment: whose it is.
        words: the words of `docker create` from its own options on, with image and command.
        serving: the container that serves.
        files: archives to unpack in it before it starts, each with the folder; without any it gets
            the secrets of the one that serves.
    """
    name = Place(deployment).name(f"{ONE_OFF}-{secrets.token_hex(3)}")
    release = str(serving["Config"]["Labels"].get(RELEASE, ""))
    marks = Place(deployment).labels(ONE_OFF, release=release)
    # Not in the daemon's log either: what it prints is for whoever asked.
    common = ["--name", name, "--rm", "--init", "--interactive", "--log-driver", "none"]
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    one_shot.when_interrupted(lambda: _remove(name))
    docker_or_fail(
        "making a container", "create", *common, *terminal, *label_options(marks), *words
    )
    try:
        for folder, archive in files or _secrets(serving):
            docker_or_fail("filling it", "cp", "-", f"{name}:{folder}", stdin=archive)
        for network in _networks(serving, deployment)[1:]:
            docker_or_fail("connecting it", "network", "connect", network, name)
    except SystemExit:
        _remove(name)
        raise
    with _interrupts_are_its_own():
        code = docker_attached("start", "--attach", "--interactive", name)
    if code:
        _look_after(name)
    return code


def _look_after(name: str) -> None:
    """What failed may never have begun, or go on without anybody who sees it."""
    if reach.problem():
        _lost(name, f": whether the command goes on in container {name} is not known.")
    state = inspect(name)
    if state and state["State"]["Status"] == "created":
        # It could not be started, so that nothing removes it at its end.
        _remove(name)
    elif state and state["State"]["Status"] == "running":
        _lost(name, f", and the command goes on in container {name}.")


def _lost(name: str, so: str) -> NoReturn:
    say(
        f"the connection to the Docker host was lost{so}\nWhat to do: `docker attach {name}` is "
        f"there again, `docker stop {name}` ends it, and `{typed('ledger')}` says how it ended"
    )
    sys.exit(1)


def _secrets(serving: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    if not any(mount["Destination"] in _COPIED for mount in serving["Mounts"]):
        return
    for folder in _COPIED:
        # Only what is in it: nothing can be unpacked beside a volume.
        source = f"{serving['Name'].removeprefix('/')}:{folder}/."
        yield folder, docker_or_fail("reading the secrets", "cp", source, "-")


def _remove(name: str) -> None:
    docker("rm", "--force", "--volumes", name)


@contextmanager
def _interrupts_are_its_own() -> Iterator[None]:
    """Ctrl-C is for the command in the container: the docker client passes it on."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    # Not SIG_IGN, which that client would inherit.
    before = [signal.signal(number, _leave_to_the_client) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave_to_the_client(_number: int, _frame: FrameType | None) -> None:
    pass


if __name__ == "__main__":
    main()
