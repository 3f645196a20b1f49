"""What an `up` is, from what the stack's state says is there and what is wanted. Pure functions."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..place import REDEPLOY, RELEASE
from ..step_output import parsed
from .plan import CLEAN, DEVELOPMENT, NOTHING, REDEPLOYMENT, RESTART, UPDATE, Up

Resource = Mapping[str, Any]


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
    triggers: Sequence[object] | None
    mounts_source: bool
    replicas: int = 1
    rollback: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What there is before an `up`.

    Attributes:
        served: something has served before.
        release: the tag of the release that serves.
        redeploy: `redeploy` as it was when that release's container was started.
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
    triggers: Sequence[object] | None = None
    job_since: bool = False
    records: tuple[str, ...] = ()
    data: bool = False
    image: bool = False

    @property
    def accounted(self) -> tuple[str, ...]:
        """The ids of the job's records that belong to an earlier `up`."""
        return self.records if self.served and not self.job_since else ()


def row_of(now: Standing, wanted: Wanted) -> Up:
    """Tell which line of the decision matrix an `up` is."""
    anew = wanted.triggers is not None and list(wanted.triggers) != now.triggers
    triggered = anew or (wanted.triggers is not None and (not now.served or now.job_since))
    starts = wanted.replicas
    if not now.served:
        row, why = _first(now, wanted)
    elif replaced := _replaced(now, wanted, triggered=triggered):
        row, why = replaced
        starts = _starts(now, wanted)
    else:
        row, why, starts = _resized(now, wanted)
    return Up(
        row=row,
        why=why,
        triggered=triggered,
        built=now.image,
        starts=starts,
        resumed=triggered and not anew,
    )


def _first(now: Standing, wanted: Wanted) -> tuple[str, str]:
    if not now.data:
        return DEVELOPMENT if wanted.mounts_source else CLEAN, "nothing has served yet"
    if now.image:
        return REDEPLOYMENT, "the data exists, and so does this release's image"
    return UPDATE, "a new release for data that exists"


def _replaced(now: Standing, wanted: Wanted, *, triggered: bool) -> tuple[str, str] | None:
    if wanted.release != now.release and wanted.rollback:
        return UPDATE, f"release {wanted.release} is served again, instead of {now.release}"
    if wanted.release != now.release:
        return UPDATE, f"release {wanted.release} follows {now.release}"
    if now.redeploy and str(wanted.redeploy) != now.redeploy:
        return REDEPLOYMENT, f"redeploy is {wanted.redeploy}, was {now.redeploy}"
    if triggered:
        return REDEPLOYMENT, "what the seeding job depends on was changed"
    if now.startup and (wanted.startup, wanted.environment) != (now.startup, now.environment):
        return RESTART, "the container's configuration was changed: another one starts"
    return None


def _starts(now: Standing, wanted: Wanted) -> int:
    # Where only the job has to run, what serves is left alone.
    same = (wanted.release, str(wanted.redeploy)) == (now.release, now.redeploy)
    same = same and (wanted.startup, wanted.environment) == (now.startup, now.environment)
    # Of what the job runs for, the container too depends on the database, by what it mounts.
    if not same or _other_database(now, wanted):
        return wanted.replicas
    return max(0, wanted.replicas - len(now.serving))


def _other_database(now: Standing, wanted: Wanted) -> bool:
    if now.triggers is None or wanted.triggers is None:
        return False
    return now.triggers[-1] != wanted.triggers[-1]


def _resized(now: Standing, wanted: Wanted) -> tuple[str, str, int]:
    # Containers that serve already are left alone.
    there = len(now.serving)
    starts = max(0, wanted.replicas - there)
    if not now.startup:
        return RESTART, "the container is gone: another one starts", starts
    if now.failed:
        return RESTART, "the container that failed is replaced by another one", starts
    if starts:
        return RESTART, f"{there} of {wanted.replicas} replicas are there: more start", starts
    if there > wanted.replicas:
        return NOTHING, f"replicas is {wanted.replicas}: {there - wanted.replicas} stop", starts
    return NOTHING, "nothing that runs was changed", wanted.replicas


def standing(
    resources: Sequence[Resource],
    deployment: str,
    *,
    data: bool,
    image: bool,
    gone: Collection[str] = (),
) -> Standing:
    """Read from a stack's state what there is.

    Args:
        resources: the resources in the state, as `pulumi stack export` shows them.
        deployment: the deployment's name, which the resources' names begin with.
        data: the site's data exists, and not from an unfinished first `up` of this stack.
        image: the image of the wanted release exists.
        gone: the ids of what is in the state, but not on the host any more.
    """
    # What traffic goes to serves, also while a newer container that failed its gate is there.
    traffic = _named(resources, f"{deployment}-traffic")
    names = _backends(traffic)
    containers = _replicas(resources, deployment)
    serving = [c for c in containers if c.get("outputs", {}).get("name") in names]
    there = [c for c in serving if c["id"] not in gone]
    labels = _labels(serving)
    # A newer one is in the state beside what it was to replace.
    newer = [c for c in containers if c not in serving and not c.get("delete")]
    failed = any(c.get("delete") for c in serving)
    job = _named(resources, f"{deployment}-job")
    account = _named(resources, f"{deployment}-account")
    run = _accounted_run(account, job)
    built = str(_inputs(_named(resources, f"{deployment}-release")).get("name", ""))
    return Standing(
        served=bool(traffic),
        release=labels.get(RELEASE) or built.rpartition(":")[2],
        redeploy=labels.get(REDEPLOY, ""),
        startup=next(iter(_inputs(there).get("command", [])[2:]), ""),
        environment=dict(e.split("=", 1) for e in _inputs(serving).get("envs", [])),
        serving=tuple(c["outputs"]["name"] for c in there if not c.get("delete")),
        counted=_backends(account),
        job=run,
        failed=failed,
        rejected=_labels(newer).get(RELEASE, "") if failed else "",
        triggers=_inputs(job).get("triggers"),
        job_since=bool(job) and job[0]["id"] != run,
        records=_records(job),
        data=data,
        image=image,
    )


def _named(resources: Sequence[Resource], name: str, *, replaced: bool = False) -> list[Resource]:
    found = [r for r in resources if r["urn"].endswith(f"::{name}") and "id" in r]
    return [r for r in found if replaced or not r.get("delete")]


def _replicas(resources: Sequence[Resource], deployment: str) -> list[Resource]:
    # The first one's resource has no number.
    ours = re.compile(rf".*::{re.escape(deployment)}-backend(-\d+)?")
    found = [r for r in resources if "id" in r and ours.fullmatch(r["urn"])]
    return sorted(found, key=lambda r: _number(r["urn"]))


def _number(urn: str) -> int:
    last = urn.rpartition("-")[2]
    return int(last) if last.isdigit() else 1


def _backends(command: Sequence[Resource]) -> tuple[str, ...]:
    given = _inputs(command).get("environment", {})
    return tuple(str(given.get("BACKENDS") or given.get("BACKEND") or "").split())


def _inputs(found: Sequence[Resource]) -> Mapping[str, Any]:
    inputs: Mapping[str, Any] = found[0].get("inputs", {}) if found else {}
    return inputs


def _labels(found: Sequence[Resource]) -> dict[str, str]:
    return {e["label"]: e["value"] for e in _inputs(found).get("labels", [])}


def _accounted_run(account: Sequence[Resource], job: Sequence[Resource]) -> str:
    # Its triggers are the containers and the run of the job; at first they were the containers.
    triggers = list(map(str, _inputs(account).get("triggers") or ()))
    if job and triggers and len(triggers) == len(_backends(account)):
        return str(job[0]["id"])
    return triggers[-1] if triggers else ""


def _records(job: Sequence[Resource]) -> tuple[str, ...]:
    said = str(job[0].get("outputs", {}).get("stdout") or "") if job else ""
    result = parsed(said)
    return tuple(result.get("records", ())) if isinstance(result, dict) else ()
