"""The migration check: what a release would do to the database is known before it does it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step
from ..data.mounts import Mount
from ..image.release import BUILD_FOLDER
from ..step_output import parsed
from .applied import DESCRIPTION


class MigrationCheckArgs(TypedDict):
    """Which release is looked at, on which database, and what follows from what is found."""

    deployment: str
    """The deployment."""
    release: str
    """The release's content tag."""
    image: str
    """The release's image."""
    network: pulumi.Input[str]
    """The network on which the database is reached."""
    environment: Mapping[str, str]
    """The application's environment; it holds no secret."""
    mounts: Sequence[Mount]
    """What is mounted into the application's containers."""
    database: str
    """The identity of the database."""
    migrate_flags: Sequence[str]
    """Flags of migrate, as at start-up."""
    fresh: bool
    """There is no data yet: nothing needs to be looked at."""
    unsafe: str
    """What is done about migrations that the serving version can't live with."""
    ahead: str
    """What is done about a database that has migrations of a later release."""
    backups: int
    """How many copies of the database are kept; 0 makes none."""
    volume: pulumi.Input[str]
    """The volume of the copies; "" if none are made."""
    tools: pulumi.Input[str]
    """An image with the tools of the database's server; "" if there is none."""
    retire: Sequence[str]
    """Containers that serve until now and are taken over from."""
    stop_grace: int
    """Seconds that requests in flight may take when what serves is stopped."""
    serves: str
    """The release that serves; "" if none does."""
    backend: str
    """A fingerprint of what else another backend starts for: before each, it is looked again."""
    looks: int
    """How often it was looked, this time included, since a backend is made that wasn't there."""
    last: Mapping[str, Any]
    """The outcome of the last check."""


class MigrationCheck(pulumi.ComponentResource):
    """Refuses a release before anything is changed, or makes ready for its migrations.

    One container of the new release says what is pending. If that is something, on a database that
    has something in it, the database is copied. If the serving version could not live with it,
    configuration decides: the update ends, or goes on, or what serves is stopped first.
    """

    result: pulumi.Output[Any]
    """What was found: pending, unsafe, ahead; and what was done about it."""
    backup: pulumi.Output[Any]
    """The last copy: its id, volume, file and the command that restores it; None without one."""
    done: pulumi.Resource
    """What the job and the backend wait for."""

    def __init__(
        self, name: str, args: MigrationCheckArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:MigrationCheck", name, None, opts)
        mounts = [mount.for_client() for mount in args["mounts"]]
        known = (args["network"], args["volume"], args["tools"])
        file = pulumi.Output.all(*known, *mounts).apply(lambda values: _write(args, *values))
        check = command.local.Command(
            f"{name}-migration-check",
            create=step.command(f"{__package__}.check_step"),
            # A change of these alone is no reason to look again: only the triggers are.
            update=step.SAY_AGAIN,
            environment={"CHECK": file},
            triggers=[
                args["release"],
                args["database"],
                args["unsafe"],
                args["ahead"],
                args["backend"],
                str(args["looks"]),
            ],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on if opts else None,
                custom_timeouts=pulumi.CustomTimeouts(create="6h"),
            ),
        )
        self.done = check
        self.result = check.stdout.apply(lambda said: _shown(parse_outcome(said)))
        self.backup = check.stdout.apply(lambda said: parse_outcome(said).get("backup"))
        self.register_outputs({"result": self.result})


def outcome_file(deployment: str) -> str:
    """Where the outcome of the last check is written, for those who fail after it."""
    return (BUILD_FOLDER / deployment / "migrations.json").as_posix()


def _write(args: MigrationCheckArgs, network: str, volume: str, tools: str, *mounts: str) -> str:
    file: Path = BUILD_FOLDER / args["deployment"] / DESCRIPTION
    if not pulumi.runtime.is_dry_run():
        described = description(args, network=network, volume=volume, tools=tools, mounts=mounts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(described, indent=2) + "\n")
    return file.as_posix()


def description(
    args: MigrationCheckArgs, *, network: str, volume: str, tools: str, mounts: Sequence[str]
) -> dict[str, Any]:
    """The content of the check's file."""
    return {
        "deployment": args["deployment"],
        "stack": pulumi.get_stack(),
        "release": args["release"],
        "serves": args["serves"],
        "image": args["image"],
        "network": network,
        "mount": list(mounts),
        "env": [f"{name}={value}" for name, value in sorted(args["environment"].items())],
        "flags": list(args["migrate_flags"]),
        "fresh": args["fresh"],
        "unsafe": args["unsafe"],
        "ahead": args["ahead"],
        "backups": args["backups"],
        "volume": volume,
        "tools": tools,
        "retire": list(args["retire"]),
        "grace": args["stop_grace"] + 5,
        "last_backup": args["last"].get("backup"),
        "result": outcome_file(args["deployment"]),
    }


def parse_outcome(stdout: str | None) -> dict[str, Any]:
    """The outcome that the command printed; nothing before there is one."""
    found: dict[str, Any] = parsed(stdout) or {}
    return found


def _shown(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: outcome.get(key, []) for key in ("pending", "unsafe", "warnings", "ahead")}
