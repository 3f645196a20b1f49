"""The seeding job: migrate, then the configured steps, once, before anything serves."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..container_defaults import Restrictions
from ..data.mounts import Mount
from ..migrations.check import description_file
from ..step import Step


class SeedingArgs(TypedDict):
    """What the job runs, and on what."""

    deployment: str
    """The deployment that is seeded."""
    seed_steps: Sequence[str]
    """Management commands in order, each with its arguments as on a command line."""
    migrate_flags: Sequence[str]
    """Flags of migrate, the same as at start-up."""
    collect: bool
    """Collect static files as well, into the release's own volume."""
    redeploy: int
    """Raised to run the job again."""
    database: str
    """The identity of the database: on another one the job runs again."""
    image: str
    """The release's image; changing it alone does not run the job again."""
    networks: Sequence[pulumi.Input[str]]
    """The networks that the job's container joins."""
    environment: Mapping[str, str]
    """The containers' environment; it holds no secret."""
    mounts: Sequence[Mount]
    """What is mounted into the job's container."""
    restrictions: Restrictions
    """What that is denied."""


class Seeding(pulumi.ComponentResource):
    """Runs the job and fails the update if a step fails.

    Its triggers are the steps, `releases.redeploy` and the database's identity. What else it needs
    goes into a file that is written at each update, so that a new release leaves a finished job
    alone.
    """

    result: pulumi.Output[Any]
    """What the job did: migrations applied, and each step's name, result and seconds."""
    run: pulumi.Output[str]
    """The id of the job's run: another one with each."""
    done: pulumi.Resource
    """What a backend waits for."""

    def __init__(
        self, name: str, args: SeedingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Seeding", name, None, opts)
        mounts = [mount.for_client() for mount in args["mounts"]]
        networks = pulumi.Output.all(*args["networks"])
        file = pulumi.Output.all(networks, *mounts).apply(
            lambda known: _write(args, networks=known[0], mounts=known[1:])
        )
        job = Step(
            f"{name}-job",
            f"{__package__}.seeding_step",
            parent=self,
            triggers=triggers(args["seed_steps"], args["redeploy"], args["database"]),
            environment={"JOB": file},
            hours=2,
            depends_on=step.after(opts),
        )
        self.run = job.id
        self.done = job
        self.result = job.result
        self.register_outputs({"result": self.result})


def triggers(seed_steps: Sequence[str], redeploy: int, database: str) -> dict[str, object]:
    """What the job runs for: it runs again when one of these changes."""
    return {"seed_steps": list(seed_steps), "redeploy": redeploy, "database": database}


def _write(args: SeedingArgs, *, networks: Sequence[str], mounts: Sequence[str]) -> str:
    return step.describe(args["deployment"], "job.json", job_description(args, networks, mounts))


def job_description(
    args: SeedingArgs, networks: Sequence[str], mounts: Sequence[str]
) -> dict[str, Any]:
    """The content of the job's file."""
    environment = {
        **args["environment"],
        "DEPLOY_MIGRATE_FLAGS": json.dumps(list(args["migrate_flags"])),
        "DEPLOY_SEED_STEPS": json.dumps(list(args["seed_steps"])),
        "DEPLOY_COLLECT": "yes" if args["collect"] else "no",
    }
    return {
        "deployment": args["deployment"],
        "image": args["image"],
        "networks": list(networks),
        "check": description_file(args["deployment"]),
        "mount": list(mounts),
        "restrictions": args["restrictions"].options(),
        "memory": args["restrictions"].memory,
        "env": [f"{name}={value}" for name, value in sorted(environment.items())],
    }
