"""The ledger: the volume in which what runs records itself, and the account of each `up`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..data.mounts import Mount
from ..data.volume import VolumeArgs, retained_volume
from ..inside import LEDGER
from ..step import Step
from .plan import Plan, Up, expected_counts, may_apply, or_restart


class LedgerArgs(VolumeArgs):
    """Whose ledger it is."""


class Ledger(pulumi.ComponentResource):
    """One volume for each deployment, wherever its database is; it outlives the stack."""

    mount: Mount
    """The ledger, as the application's containers see it."""

    def __init__(
        self, name: str, args: LedgerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Ledger", name, None, opts)
        volume = retained_volume(self, name, args, role="ledger", opts=opts)
        self.mount = Mount(source=volume, target=LEDGER)
        self.register_outputs({"volume": volume})


class AccountArgs(TypedDict):
    """What is accounted for."""

    deployment: str
    """The deployment whose ledger is read."""
    plan: Plan
    """The execution plan."""
    up: Up
    """Which line of the decision matrix this `up` is."""
    accounted: Sequence[str]
    """Ids of the job's records that belong to an earlier `up`."""
    backends: pulumi.Input[Sequence[str]]
    """The containers that serve."""
    counted: Sequence[str]
    """Those of them whose start an earlier `up` accounted for."""
    job: pulumi.Input[Any]
    """The seeding job's result; None if there is no job."""
    job_id: pulumi.Input[str]
    """The run of the job that is accounted for by this; without a job, by the one before."""


class Account(pulumi.ComponentResource):
    """Counts what ran, once traffic has been switched, and compares it with the plan.

    What is expected, and which records are the job's, is in a file that is written at each update:
    only another container and another run of the job are reasons to count again. That this names
    them tells the next update that the one that ran them went through.
    """

    row: pulumi.Output[Any]
    """Which line of the matrix the last `up` was that changed something."""
    done: pulumi.Resource
    """What counts: the last of an update's commands."""
    result: pulumi.Output[Any]
    """The row, each cell's planned and counted runs, and where they differ."""

    def __init__(
        self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Account", name, None, opts)
        backends = pulumi.Output.from_input(args["backends"])
        file = pulumi.Output.all(args["job"], backends).apply(
            lambda known: _write(args, job=known[0], backends=known[1])
        )
        counted = Step(
            f"{name}-account",
            f"{__package__}.account_step",
            parent=self,
            triggers={"backends": backends, "job": args["job_id"]},
            environment={"ACCOUNT": file, "BACKENDS": backends.apply(" ".join)},
            depends_on=step.after(opts),
        )
        self.done = counted
        self.result = counted.result
        last = self.result.apply(lambda result: (result or {}).get("row"))
        self.row = last if args["up"].idle else pulumi.Output.from_input(args["up"].row)
        self.register_outputs({"result": self.result})


def _write(args: AccountArgs, *, job: Any, backends: Sequence[str]) -> str:
    records = [id_ for id_ in (job or {}).get("records", []) if id_ not in args["accounted"]]
    started = [name for name in backends if name not in args["counted"]]
    expected = expectation(args["plan"], replace(args["up"], starts=len(started)))
    content = {**expected, "job": records, "counted": list(args["counted"])}
    return step.describe(args["deployment"], "account.json", content)


def expectation(plan: Plan, up: Up) -> dict[str, Any]:
    """What the plan has this `up` run.

    Where nothing was found to do, counting means that a container starts all the same.
    """
    up = or_restart(up)
    applies = may_apply(up, plan)
    cells = [
        {
            "operation": operation,
            "point": point,
            "planned": planned,
            "may_apply": operation == "migrate" and point in applies,
        }
        for (operation, point), planned in expected_counts(up, plan).items()
    ]
    return {"row": up.row, "cells": cells}
