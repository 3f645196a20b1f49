"""Updates that were cut off: one documented recovery, and `pulumi up` goes on as if nothing was.

`python -m bench.kills` is the long form: every boundary, and a hundred instants.
"""

import os
import random
import signal

import docker
import pytest

from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.faults import first_error
from tests.integration.harness import Browser
from tests.integration.interruption import Boundary, Cut, cut_off
from tests.integration.trials import Subject, inventory, trial

INSTANTS = 3
LONGEST = 6.0  # seconds, about what an update takes


def at(side: str, operation: str, resource: str, *, whole: bool) -> Cut:
    """Cut off at a boundary."""
    return Cut(at=Boundary(side=side, operation=operation, resource=resource), whole=whole)


@pytest.fixture(scope="module")
def subject(make_site: MakeSite) -> Subject:
    """A site that serves, after a first up that was cut off and recovered."""
    made = Subject(site=make_site("cut"))
    # The network is there, and the seeding job's container goes on without its client.
    first = cut_off(made.site, at("before", "create", "job", whole=True))
    assert first.code == -signal.SIGKILL, first.output
    said = made.site.recover()
    assert said.code == 0, said.output
    made.site.up()
    made.settle()
    return made


@pytest.mark.essential("interrupted")
def test_a_first_up_that_was_killed_goes_on(subject: Subject) -> None:
    twice = {thing for thing, number in subject.wanted.items() if number > 1}
    assert twice == {"network network"}, "everything else is there once"
    assert subject.wanted["network network"] == 3, "the database's, and two of the edge's"
    found = {kind for kind in subject.wanted if not kind.startswith("volume")}
    assert found == {"container backend running", "container edge running", "network network"}
    assert list(subject.problems()) == []


def test_a_stack_that_is_well_is_left_alone(subject: Subject) -> None:
    said = subject.site.recover()
    assert said.code == 0
    assert "Nothing to recover: nothing was changed." in said.output
    assert "found:" not in said.output


@pytest.mark.parametrize(
    "cut",
    [
        at("before", "create-replacement", "backend", whole=False),
        at("after", "create-replacement", "gate", whole=True),
        at("before", "delete-replaced", "backend", whole=True),
    ],
    ids=str,
)
def test_an_update_that_is_killed_at_a_boundary_goes_on(
    subject: Subject, cut: Cut, fault: BeginFault
) -> None:
    subject.edit()
    result = trial(subject, cut, served=True)
    fault("kill -9").saw(
        f"{cut}: {result.visits} requests meanwhile, {result.failed_visits} failed",
        f"afterwards {len(result.problems)} things not as they have to be",
    )
    assert result.code == -signal.SIGKILL, "it ended before it was killed"
    assert result.problems == []


def test_an_update_that_is_killed_while_it_migrates_goes_on(subject: Subject) -> None:
    subject.edit()
    subject.add_column()
    result = trial(subject, at("after", "create-replacement", "backend", whole=True), served=True)
    assert result.code == -signal.SIGKILL, "it ended before it was killed"
    assert result.problems == []


def test_an_update_that_is_killed_at_any_instant_goes_on(subject: Subject) -> None:
    # The same instants each time; others are for `python -m bench.kills`, or KILLS_SEED.
    seed = int(os.environ.get("KILLS_SEED", "2026"))
    chance = random.Random(seed)
    for number in range(INSTANTS):
        subject.edit()
        cut = Cut(at=chance.uniform(0.5, LONGEST), whole=number % 2 == 0)
        result = trial(subject, cut, served=True)
        assert result.problems == [], f"{cut}; to repeat it: KILLS_SEED={seed}"


@pytest.mark.essential("Ctrl-C")
def test_ctrl_c_needs_no_recovery(subject: Subject, fault: BeginFault) -> None:
    subject.edit()
    cut = at("after", "create-replacement", "backend", whole=False)
    first = cut_off(subject.site, Cut(at=cut.at, whole=False, signal=signal.SIGINT))
    assert first.code > 0, first.output
    assert "Traceback" not in first.output
    assert Browser(subject.site.url).get("/")[0] == 200
    again = subject.site.up()
    problems = list(subject.problems())
    fault("Ctrl-C").saw(
        f"exit code {first.code}; the next up {again.code}",
        f"afterwards {len(problems)} things not as they have to be",
    )
    assert problems == []


def test_a_stale_lock_is_named_and_cleared(subject: Subject, fault: BeginFault) -> None:
    subject.edit()
    cut_off(subject.site, at("before", "create-replacement", "backend", whole=True))
    locked = subject.site.up(check=False)
    said = subject.site.recover()
    again = subject.site.up(check=False)
    fault("stale lock").saw(
        first_error(locked.output),
        "it names `pulumi cancel`" if "pulumi cancel" in locked.output else "no remedy",
        f"after recovery up ends with {again.code}",
    )
    assert locked.code != 0
    assert "the stack is currently locked by 1 lock(s)" in locked.output
    assert "pulumi cancel" in locked.output
    assert (said.code, again.code) == (0, 0), said.output + again.output
    assert list(subject.problems()) == []


def test_a_dry_run_says_what_it_would_do_and_does_nothing(subject: Subject) -> None:
    image = subject.site.outputs()["imageId"]
    name = f"{subject.site.deployment}-left"
    labels = {
        "django-on-docker.deployment": subject.site.deployment,
        "django-on-docker.role": "backend",
    }
    left = docker.from_env().containers.create(image, ["true"], name=name, labels=labels)
    refused = subject.site.up(check=False)
    assert refused.code != 0
    assert f"container {name} of deployment {subject.site.deployment} never started" in (
        refused.output
    )
    assert f"make recover STACK={subject.site.stack}" in refused.output
    before = inventory(subject.site)
    said = subject.site.recover("--dry-run")
    assert said.code == 0
    assert f"container {name} (backend, created) is in no state" in said.output
    assert "Nothing was changed." in said.output
    assert inventory(subject.site) == before
    assert left.status == "created"
    assert subject.site.recover().code == 0
    assert list(subject.problems()) == []


def test_a_state_that_was_being_written_is_mended(subject: Subject) -> None:
    states = subject.site.folder / "state/.pulumi/stacks/django-on-docker"
    (states / "clean-server.json.attrs").write_text("")
    (states / "clean-server.json.123.tmp").write_text("{")
    broken = subject.site.up(check=False)
    assert broken.code != 0
    assert "failed to load checkpoint" in broken.output
    said = subject.site.recover()
    assert said.code == 0, said.output
    assert "clean-server.json.attrs is half written" in said.output
    assert not list(states.glob("*.tmp"))
    assert list(subject.problems()) == []


def test_a_state_that_is_empty_comes_back_from_history(subject: Subject) -> None:
    states = subject.site.folder / "state/.pulumi/stacks/django-on-docker"
    for name in ("clean-server.json", "clean-server.json.bak"):
        (states / name).write_text("")
    broken = subject.site.up(check=False)
    assert broken.code != 0
    said = subject.site.recover()
    assert said.code == 0, said.output
    assert "as the last update left it that is in Pulumi's history" in said.output
    assert list(subject.problems()) == []


def test_a_site_whose_state_is_lost_is_found_by_its_labels(
    subject: Subject, fault: BeginFault
) -> None:
    site = subject.site
    states = site.folder / "state/.pulumi/stacks/django-on-docker"
    # Not even an earlier state can be read.
    for file in [*states.iterdir(), *(states.parents[1] / "history").rglob("*.checkpoint.json")]:
        file.write_text("")
    aside = site.recover()
    assert aside.code == 1, aside.output
    assert "can't be read, nor any state before it: the state is lost" in aside.output
    site.pulumi("stack", "init", site.stack, check=True)
    refused = site.up(check=False).output
    assert f"make recover STACK={site.stack}" in refused
    said = site.recover()
    assert said.code == 1
    assert f"container {site.deployment}-edge (edge, running)" in said.output
    assert "TAKE_DOWN=yes" in said.output
    assert Browser(site.url).get("/")[0] == 200, "what serves is left alone"
    taken = site.recover("--take-down")
    assert taken.code == 0, taken.output
    site.up()
    problems = list(subject.problems())
    fault("state lost").saw(
        first_error(refused),
        f"after recovery and up {len(problems)} things not as they have to be",
    )
    assert problems == []
