"""The migration check: what a release would do to the database is known before it does it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..checkout import folder_of
from ..container_defaults import Restrictions
from ..data.mounts import Mount
from ..place import Place
from ..stack_state import StackState
from ..step import Step
from .applied import DESCRIPTION
from .consent import refused


class MigrationCheckArgs(TypedDict):
    """Which release is looked at, on which database, and what follows from what is found."""

    deployment: str
    """The deployment."""
    release: str
    """The release's content tag."""
    image: str
    """The release's image."""
    networks: Sequence[pulumi.Input[str]]
    """The networks of the application; on the last the database is reached."""
    environment: Mapping[str, str]
    """The application's environment; it holds no secret."""
    mounts: Sequence[Mount]
    """What is mounted into the application's containers."""
    restrictions: Restrictions
    """What these are denied."""
    database: str
    """The identity of the database."""
    migrate_flags: Sequence[str]
    """Flags of migrate, as at start-up."""
    fresh: bool
    """There is no data yet: nothing needs to be looked at."""
    window: bool
    """What serves is stopped while migrations run that it can't live with."""
    allow: Sequence[str]
    """Those that run beside it all the same."""
    allow_ahead: Sequence[str]
    """Migrations of a later release that the database may have."""
    pinned: bool
    """It is an earlier release, which has not what the project's next one brings."""
    told: Sequence[str]
    """Consents of which it was said already that they do nothing any more."""
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
    """The result of the last check; nothing before there is one."""


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
        known = (pulumi.Output.all(*args["networks"]), args["volume"], args["tools"])
        file = pulumi.Output.all(*known, *mounts).apply(lambda values: _write(args, *values))
        check = Step(
            f"{name}-migration-check",
            f"{__package__}.check_step",
            parent=self,
            triggers={
                "release": args["release"],
                "database": args["database"],
                "window": args["window"],
                "allow": list(args["allow"]),
                "allowAhead": list(args["allow_ahead"]),
                "backend": args["backend"],
                "looks": args["looks"],
            },
            environment={"CHECK": file},
            hours=6,
            depends_on=step.after(opts),
        )
        self.done = check
        self.result = check.result.apply(lambda outcome: _shown(outcome or {}))
        self.backup = check.result.apply(lambda outcome: (outcome or {}).get("backup"))
        self.register_outputs({"result": self.result})


def description_file(deployment: str) -> str:
    """Where the check's description is, for those who fail after it and ask the database."""
    return (folder_of(deployment) / DESCRIPTION).as_posix()


def _write(
    args: MigrationCheckArgs, networks: Sequence[str], volume: str, tools: str, *mounts: str
) -> str:
    described = description(args, networks=networks, volume=volume, tools=tools, mounts=mounts)
    return step.describe(args["deployment"], DESCRIPTION, described)


def description(
    args: MigrationCheckArgs,
    *,
    networks: Sequence[str],
    volume: str,
    tools: str,
    mounts: Sequence[str],
) -> dict[str, Any]:
    """The content of the check's file."""
    return {
        "deployment": args["deployment"],
        "stack": pulumi.get_stack(),
        "release": args["release"],
        "serves": args["serves"],
        "image": args["image"],
        "networks": list(networks),
        "mount": list(mounts),
        "restrictions": args["restrictions"].options(),
        "memory": args["restrictions"].memory,
        "env": [f"{name}={value}" for name, value in sorted(args["environment"].items())],
        "flags": list(args["migrate_flags"]),
        "fresh": args["fresh"],
        "window": args["window"],
        "allow": list(args["allow"]),
        "allow_ahead": list(args["allow_ahead"]),
        "pinned": args["pinned"],
        "told": list(args["told"]),
        "backups": args["backups"],
        "volume": volume,
        "tools": tools,
        "retire": list(args["retire"]),
        "grace": args["stop_grace"] + 5,
        "last_backup": args["last"].get("backup"),
        "ended": _ended(args),
    }


def _ended(args: MigrationCheckArgs) -> dict[str, list[str]]:
    found = refused(
        args["last"], serving=args["serves"], release=args["release"], pinned=args["pinned"]
    )
    return {key: sorted(names) for key, names in found.items()}


def _shown(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: outcome.get(key, []) for key in ("pending", "unsafe", "warnings", "ahead")}


def looks(state: StackState, deployment: str, replicas: int, vanished: Collection[str]) -> int:
    """How often a check had to look because a backend is made that wasn't there, now included.

    Whatever removed it, a recovery after its gate failed or a hand, it migrates when it starts:
    what the check found for the one before may be past.

    Args:
        state: the stack's state.
        deployment: the deployment's name.
        replicas: how many backends there are to be.
        vanished: the ids of what isn't on the host any more, or was stopped there by hand.
    """
    name = Place(deployment).name
    suffixes = ["", *(f"-{number}" for number in range(2, replicas + 1))]
    backends = [state[name(f"backend{suffix}")] for suffix in suffixes]
    new = any(not found or found.id in vanished for found in backends)
    return state.times(name("migration-check"), "looks", again=new)


def served_database(state: StackState, deployment: str) -> str:
    """The identity of the database that a backend served, by the stack's state; "" if none did."""
    name = Place(deployment).name
    check = state[name("migration-check")]
    return str(check.triggers.get("database", "")) if state[name("gate")] else ""
