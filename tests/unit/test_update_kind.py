"""Which line of the decision matrix an update is, by what the stack's state says is there."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.ledger.update_kind import Before, Wanted, before_up, row_of
from components.stack_state import StackState

ENVIRONMENT = {"DEBUG": "false", "CSRF_TRUSTED_ORIGINS": "https://a.example/?b=c"}
TRIGGERS = {"seed_steps": ["seed_roles"], "redeploy": 0, "database": "sqlite:shop-data"}
SERVED = Before(
    served=True,
    release="abc",
    redeploy="0",
    startup="exec serve",
    serving=("shop-backend-1",),
    environment=ENVIRONMENT,
    triggers=TRIGGERS,
    job="shop-job",
    counted=("shop-backend-1",),
    records=("1", "2"),
)
NOTHING = Before(environment={})


def wanted(**changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "release": "abc",
        "redeploy": 0,
        "startup": "exec serve",
        "environment": ENVIRONMENT,
        "triggers": TRIGGERS,
        "mounts_source": False,
    }
    return Wanted(**{**values, **changes})


RAISED = {"redeploy": 1, "triggers": {**TRIGGERS, "redeploy": 1}}
STEPS = {"triggers": {**TRIGGERS, "seed_steps": ["seed_roles", "more"]}}


@pytest.mark.parametrize(
    ("before", "changes", "row", "triggered"),
    [
        (NOTHING, {}, "clean server", True),
        (NOTHING, {"triggers": None}, "clean server", False),
        (NOTHING, {"mounts_source": True}, "development", True),
        # A first `up` that failed after its image was built.
        (replace(NOTHING, image=True, triggers=TRIGGERS), {}, "clean server", True),
        # The update stack, and destroy and up.
        (replace(NOTHING, data=True), {"triggers": None}, "code update", False),
        (replace(NOTHING, data=True), {}, "code update", True),
        (replace(NOTHING, data=True, image=True), {}, "re-deployment", True),
        (SERVED, {}, "nothing to do", False),
        (SERVED, {"triggers": None}, "nothing to do", False),
        (SERVED, {"release": "def"}, "code update", False),
        (SERVED, {"release": "def", "mounts_source": True}, "code update", False),
        (SERVED, STEPS, "re-deployment", True),
        (SERVED, {**STEPS, "release": "def"}, "code update", True),
        (SERVED, {**RAISED, "release": "def"}, "code update", True),
        (SERVED, RAISED, "re-deployment", True),
        (SERVED, {"redeploy": 1, "triggers": None}, "re-deployment", False),
        (SERVED, {"triggers": {**TRIGGERS, "database": "other"}}, "re-deployment", True),
        (SERVED, {"startup": "exec serve --more"}, "container restart", False),
        (SERVED, {"environment": {}}, "container restart", False),
        # Removed by hand, and noticed by a refresh.
        (replace(SERVED, startup="", redeploy="", environment={}), {}, "container restart", False),
        (replace(SERVED, startup="", redeploy=""), {"release": "def"}, "code update", False),
        # The release is taken back that failed.
        (replace(SERVED, failed=True), {}, "container restart", False),
        (replace(SERVED, failed=True), {"release": "def"}, "code update", False),
        # The job ran for an `up` that failed later.
        (replace(SERVED, job_since=True), {"release": "def"}, "code update", True),
        # Seeding is turned on (again).
        (replace(SERVED, triggers=None), {}, "re-deployment", True),
    ],
)
def test_the_row(before: Before, changes: dict[str, Any], row: str, triggered: bool) -> None:
    up = row_of(before, wanted(**changes))
    assert (up.row, up.triggered) == (row, triggered)
    assert up.why


TWO = replace(SERVED, serving=("shop-backend-1", "shop-backend-2"))


@pytest.mark.parametrize(
    ("before", "changes", "row", "starts"),
    [
        (NOTHING, {"replicas": 3}, "clean server", 3),
        (TWO, {"replicas": 2, "release": "def"}, "code update", 2),
        (TWO, {"replicas": 2, "environment": {}}, "container restart", 2),
        # More, or fewer, of what serves.
        (TWO, {"replicas": 3}, "container restart", 1),
        (TWO, {"replicas": 1}, "nothing to do", 0),
        (TWO, {"replicas": 2}, "nothing to do", 2),
        # The job alone, or with what is missing.
        (replace(SERVED, triggers=None), {}, "re-deployment", 0),
        (replace(SERVED, job_since=True), {}, "re-deployment", 0),
        (replace(SERVED, job_since=True), {"replicas": 2}, "re-deployment", 1),
        (SERVED, {"triggers": {**TRIGGERS, "database": "other"}}, "re-deployment", 1),
        (SERVED, STEPS, "re-deployment", 0),
        (SERVED, RAISED, "re-deployment", 1),
        # One was removed by hand, or all were.
        (SERVED, {"replicas": 2}, "container restart", 1),
        (
            replace(TWO, serving=(), startup="", environment={}),
            {"replicas": 2},
            "container restart",
            2,
        ),
        # The first failed its gate, the other had not been reached.
        (
            replace(TWO, serving=("shop-backend-2",), failed=True),
            {"replicas": 2},
            "container restart",
            1,
        ),
    ],
)
def test_how_many_containers_start(
    before: Before, changes: dict[str, Any], row: str, starts: int
) -> None:
    up = row_of(before, wanted(**changes))
    assert (up.row, up.starts) == (row, starts)


def test_a_rollback_is_a_code_update_that_builds_nothing() -> None:
    up = row_of(replace(SERVED, image=True), wanted(release="def", rollback=True))
    assert (up.row, up.why) == ("code update", "release def is served again, instead of abc")
    assert up.built
    assert not up.triggered
    assert row_of(SERVED, wanted(rollback=True)).idle


@pytest.mark.parametrize(
    ("before", "changes", "resumed"),
    [
        (SERVED, {}, False),
        (replace(SERVED, job_since=True), {"release": "def"}, True),
        (replace(SERVED, job_since=True), RAISED, False),
        # A first `up` that failed at its gate, and one that did not come to its job.
        (replace(NOTHING, triggers=TRIGGERS), {"release": "def"}, True),
        (NOTHING, {"release": "def"}, False),
        (replace(NOTHING, triggers=TRIGGERS), {"triggers": None}, False),
    ],
)
def test_whether_the_job_ran_before(before: Before, changes: dict[str, Any], resumed: bool) -> None:
    assert row_of(before, wanted(**changes)).resumed is resumed


def test_an_image_that_is_there_is_not_built() -> None:
    assert row_of(replace(SERVED, image=True), wanted(release="def")).built
    assert not row_of(SERVED, wanted(release="def")).built


@pytest.mark.parametrize(
    ("before", "records"),
    [
        (SERVED, ("1", "2")),
        (replace(SERVED, job_since=True), ()),
        (replace(SERVED, served=False), ()),
    ],
)
def test_records_of_an_earlier_job_were_accounted_for(
    before: Before, records: tuple[str, ...]
) -> None:
    assert before.accounted == records


def resource(key: str, /, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:s::p::django-on-docker:index:Thing$a:b:C::{key}"
    return {"urn": urn, "id": key, "inputs": inputs}


def container(
    name: str, release: str, redeploy: str = "0", *, key: str = "shop-backend"
) -> dict[str, Any]:
    labels = {"deployment": "shop", "release": release, "redeploy": redeploy}
    made = resource(
        key,
        command=["sh", "-c", f"serve {release}"],
        envs=["DEBUG=false", "CSRF_TRUSTED_ORIGINS=https://a.example/?b=c"],
        labels=[{"label": f"django-on-docker.{k}", "value": v} for k, v in labels.items()],
    )
    return {**made, "outputs": {"name": name}}


def job(stdout: str) -> dict[str, Any]:
    return {**resource("shop-job", triggers=[TRIGGERS]), "outputs": {"stdout": stdout}}


RESULT = json.dumps({"steps": [], "records": ["1", "2"]})


def account(job: str, *backends: str) -> dict[str, Any]:
    return step("shop-account", job=job, backends=backends or ["shop-backend-1"])


def step(name: str, **triggers: Any) -> dict[str, Any]:
    return resource(name, triggers=[triggers])


ACCOUNT = account("shop-job")
STATE: list[Mapping[str, Any]] = [
    {"urn": "urn:pulumi:s::p::django-on-docker:index:Backend::shop-backend"},
    resource("shop-release", name="shop:abc"),
    job(f"{RESULT}\n"),
    container("shop-backend-1", "abc"),
    step("shop-traffic", backends=["shop-backend-1"]),
    ACCOUNT,
]


def read(state: list[Mapping[str, Any]], **more: Any) -> Before:
    return before_up(StackState.of(state), "shop", **{"data": False, "image": False, **more})


def test_what_the_state_says() -> None:
    assert read(STATE, data=True, image=True) == replace(
        SERVED, startup="serve abc", data=True, image=True
    )


def test_replicas_serve_whose_containers_are_there() -> None:
    state = [
        *STATE[:3],
        container("b10", "abc", key="shop-backend-10"),
        container("b2", "abc", key="shop-backend-2"),
        {**container("b3", "abc", key="shop-backend-3"), "delete": True},
        step("shop-traffic", backends=["shop-backend-1", "b2", "b10", "b3"]),
        account("shop-job", "shop-backend-1", "b2"),
    ]
    before = read(state)
    # The first is gone: the next one tells what runs.
    assert (before.startup, before.serving, before.failed) == ("serve abc", ("b2", "b10"), True)
    assert before.counted == ("shop-backend-1", "b2")


@pytest.mark.parametrize("state", [[], STATE[:-2]])
def test_without_traffic_nothing_has_served(state: list[Mapping[str, Any]]) -> None:
    assert not read(state).served


def test_another_deployments_resources_say_nothing() -> None:
    assert before_up(StackState.of(STATE), "shop-2", data=False, image=False) == NOTHING


def test_a_release_that_failed_its_gate_does_not_serve() -> None:
    failed = container("shop-backend-2", "def", "1")
    old = {**STATE[3], "delete": True}
    before = read([*STATE[:3], failed, old, *STATE[4:], resource("shop-release", name="shop:def")])
    assert (before.release, before.redeploy, before.failed) == ("abc", "0", True)


@pytest.mark.parametrize(
    ("accounts", "since", "run"),
    [
        ([ACCOUNT], False, "shop-job"),
        # An `up` that failed after the job, and a first one that was killed at its very end.
        ([account("job-0")], True, "job-0"),
        ([], True, ""),
    ],
)
def test_a_job_that_nobody_has_accounted_for(accounts: Any, since: bool, run: str) -> None:
    before = read([*STATE[:5], *accounts])
    assert (before.job_since, before.job) == (since, run)
    assert before.records == ("1", "2")


def test_what_was_accounted_for_stays_known_without_a_job() -> None:
    before = read([*STATE[:2], *STATE[3:]])
    assert (before.job_since, before.job, before.counted) == (
        False,
        "shop-job",
        ("shop-backend-1",),
    )


def test_a_container_that_is_gone_leaves_its_release() -> None:
    before = read([*STATE[:3], STATE[4]])
    assert (before.served, before.release, before.redeploy, before.startup) == (True, "abc", "", "")


def test_a_container_that_is_missing_on_the_host_is_gone() -> None:
    before = read(STATE, vanished=["shop-backend"])
    assert (before.served, before.release, before.redeploy) == (True, "abc", "0")
    assert (before.startup, before.serving) == ("", ())


def test_a_replica_that_is_missing_leaves_the_others() -> None:
    two = container("b2", "abc", key="shop-backend-2")
    traffic = step("shop-traffic", backends=["shop-backend-1", "b2"])
    before = read([*STATE[:4], two, traffic, ACCOUNT], vanished=["shop-backend"])
    assert (before.startup, before.serving) == ("serve abc", ("b2",))


@pytest.mark.parametrize("stdout", ["", "no JSON", "{'a': 1}", "[1]", '{"steps": []}', "{"])
def test_a_job_without_records(stdout: str) -> None:
    assert read([job(stdout)]).records == ()


def test_a_job_that_is_replaced_is_not_the_one_that_ran_last() -> None:
    old = {**job('{"records": ["0"]}'), "delete": True}
    assert read([old, job(RESULT)]).records == ("1", "2")
