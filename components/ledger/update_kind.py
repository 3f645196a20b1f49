"""Which row of the decision matrix an `up` is: from what is there, and what is wanted."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..place import REDEPLOY, RELEASE, Place
from ..stack_state import Resource, StackState
from .plan import CLEAN, DEVELOPMENT, NOTHING, REDEPLOYMENT, RESTART, UPDATE, Up


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an `up` is to bring about.

    Attributes:
        release: the tag of the release that is to serve.
        redeploy: the configured number.
        startup: the container's start-up command.
        environment: the container's environment.
        triggers: what the seeding job is to run for; None if there is no job.
        mounts_source: the project's source is mounted, for development.
        replicas: how many containers of the backend are to serve.
        rollback: it is an earlier release that is asked for by its tag.
    """

    release: str
    redeploy: int
    startup: str
    environment: Mapping[str, str]
    triggers: Mapping[str, object] | None
    mounts_source: bool
    replicas: int = 1
    rollback: bool = False


@dataclass(frozen=True, kw_only=True)
class Before:
    """What there is before an `up`.

    Attributes:
        served: something has served before.
        release: the tag of the release that serves.
        redeploy: `releases.redeploy` as it was when that release's container was started.
        startup: that container's start-up command; "" if it is gone, and every replica with it.
        serving: names of the containers that go on serving if nothing is changed.
        counted: names of the containers whose start an earlier `up` accounted for.
        job: the run of the job that an earlier `up` accounted for; "" if none did.
        environment: that container's environment.
        failed: beside it there is a newer container, which did not pass its gate.
        rejected: the tag of that newer container's release; "" if there is none.
        triggers: what the finished job ran for; None if there is none.
        job_since: the job ran for an `up` that failed later: none has accounted for it.
        records: the ledger's ids of what that job did.
        data: the site's data exists, and not from an unfinished first `up` of this stack.
        image: the image of the wanted release exists.
    """

    served: bool = False
    release: str = ""
    redeploy: str = ""
    startup: str = ""
    serving: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    job: str = ""
    environment: Mapping[str, str]
    failed: bool = False
    rejected: str = ""
    triggers: Mapping[str, object] | None = None
    job_since: bool = False
    records: tuple[str, ...] = ()
    data: bool = False
    image: bool = False

    @property
    def accounted(self) -> tuple[str, ...]:
        """The ids of the job's records that belong to an earlier `up`."""
        return self.records if self.served and not self.job_since else ()


def row_of(before: Before, wanted: Wanted) -> Up:
    """Tell which line of the decision matrix an `up` is."""
    anew = wanted.triggers is not None and wanted.triggers != before.triggers
    triggered = anew or (wanted.triggers is not None and (not before.served or before.job_since))
    starts = wanted.replicas
    if not before.served:
        row, why = _first(before, wanted)
    elif replaced := _replaced(before, wanted, triggered=triggered):
        row, why = replaced
        starts = _starts(before, wanted)
    else:
        row, why, starts = _resized(before, wanted)
    return Up(
        row=row,
        why=why,
        triggered=triggered,
        built=before.image,
        starts=starts,
        resumed=triggered and not anew,
    )


def _first(before: Before, wanted: Wanted) -> tuple[str, str]:
    if not before.data:
        return DEVELOPMENT if wanted.mounts_source else CLEAN, "nothing has served yet"
    if before.image:
        return REDEPLOYMENT, "the data exists, and so does this release's image"
    return UPDATE, "a new release for data that exists"


def _replaced(before: Before, wanted: Wanted, *, triggered: bool) -> tuple[str, str] | None:
    if wanted.release != before.release and wanted.rollback:
        return UPDATE, f"release {wanted.release} is served again, instead of {before.release}"
    if wanted.release != before.release:
        return UPDATE, f"release {wanted.release} follows {before.release}"
    if before.redeploy and str(wanted.redeploy) != before.redeploy:
        return REDEPLOYMENT, f"releases.redeploy is {wanted.redeploy}, was {before.redeploy}"
    if triggered:
        return REDEPLOYMENT, "what the seeding job depends on was changed"
    ran = (before.startup, before.environment)
    if before.startup and (wanted.startup, wanted.environment) != ran:
        return RESTART, "the container's configuration was changed: another one starts"
    return None


def _starts(before: Before, wanted: Wanted) -> int:
    # Where only the job has to run, what serves is left alone.
    same = (wanted.release, str(wanted.redeploy)) == (before.release, before.redeploy)
    same = same and (wanted.startup, wanted.environment) == (before.startup, before.environment)
    # Of what the job runs for, the container too depends on the database, by what it mounts.
    if not same or _other_database(before, wanted):
        return wanted.replicas
    return max(0, wanted.replicas - len(before.serving))


def _other_database(before: Before, wanted: Wanted) -> bool:
    if before.triggers is None or wanted.triggers is None:
        return False
    return before.triggers["database"] != wanted.triggers["database"]


def _resized(before: Before, wanted: Wanted) -> tuple[str, str, int]:
    # Containers that serve already are left alone.
    there = len(before.serving)
    starts = max(0, wanted.replicas - there)
    if not before.startup:
        return RESTART, "the container is gone: another one starts", starts
    if before.failed:
        return RESTART, "the container that failed is replaced by another one", starts
    if starts:
        return RESTART, f"{there} of {wanted.replicas} replicas are there: more start", starts
    if there > wanted.replicas:
        return (
            NOTHING,
            f"processes.web.replicas is {wanted.replicas}: {there - wanted.replicas} stop",
            starts,
        )
    return NOTHING, "nothing that runs was changed", wanted.replicas


def before_up(
    state: StackState,
    deployment: str,
    *,
    data: bool,
    image: bool,
    vanished: Collection[str] = (),
) -> Before:
    """Read from a stack's state what there is before an `up`.

    Args:
        state: the stack's state.
        deployment: the deployment's name, which the resources' names begin with.
        data: the site's data exists, and not from an unfinished first `up` of this stack.
        image: the image of the wanted release exists.
        vanished: the ids of what is in the state, but not on the host any more.
    """
    step = Place(deployment).name
    traffic, job, account = state[step("traffic")], state[step("job")], state[step("account")]
    # What traffic goes to serves, also while a newer container that failed its gate is there.
    containers = _replicas(state, deployment)
    reached = traffic.triggers.get("backends", ())
    serving = [c for c in containers if c.outputs.get("name") in reached]
    there = [c for c in serving if c.id not in vanished]
    labels = _labels(serving)
    # A newer one is in the state beside what it was to replace.
    newer = [c for c in containers if c not in serving and not c.is_replaced]
    failed = any(c.is_replaced for c in serving)
    built = str(state[step("release")].inputs.get("name", ""))
    run = str(account.triggers.get("job", ""))
    return Before(
        served=bool(traffic),
        release=labels.get(RELEASE) or built.rpartition(":")[2],
        redeploy=labels.get(REDEPLOY, ""),
        startup=next(iter(_first_inputs(there).get("command", [])[2:]), ""),
        environment=dict(e.split("=", 1) for e in _first_inputs(serving).get("envs", [])),
        serving=tuple(c.outputs["name"] for c in there if not c.is_replaced),
        counted=tuple(account.triggers.get("backends", ())),
        job=run,
        failed=failed,
        rejected=_labels(newer).get(RELEASE, "") if failed else "",
        triggers=job.triggers or None,
        job_since=bool(job) and job.id != run,
        records=_records(job.result),
        data=data,
        image=image,
    )


def _replicas(state: StackState, deployment: str) -> list[Resource]:
    # The first one's resource has no number.
    ours = re.compile(rf"{re.escape(deployment)}-backend(-\d+)?")
    found = [r for r in state.resources if r.id and ours.fullmatch(r.name)]
    return sorted(found, key=_number)


def _number(replica: Resource) -> int:
    last = replica.name.rpartition("-")[2]
    return int(last) if last.isdigit() else 1


def _first_inputs(found: Sequence[Resource]) -> Mapping[str, Any]:
    return found[0].inputs if found else {}


def _labels(found: Sequence[Resource]) -> dict[str, str]:
    return {e["label"]: e["value"] for e in _first_inputs(found).get("labels", [])}


def _records(result: Any) -> tuple[str, ...]:
    return tuple(result.get("records", ())) if isinstance(result, dict) else ()
