"""A site lives with the command plugin's hard edges, which `test_engine_parity.py` holds.

One site: the first `up` that makes it is interrupted again and again, each time a phase later, and
so is an update; and long lines are printed to it. The tests build on each other, in order.
"""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass

import docker
import docker.errors
import psutil
import pytest

from components.migrations import window
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.faults import first_error
from tests.integration.harness import Browser, Site
from tests.integration.interruption import Boundary, Cut, CutOff, cut_off
from tests.integration.trials import Subject

LONG = 1_000_000
SOON = 10.0
"""Seconds in which an interrupted update has to end."""
SHOUT = f"""\
from django.core.management.base import BaseCommand, CommandError

class Command(BaseCommand):
    def handle(self, **options):
        print("x" * {LONG})
        raise CommandError("too loud: " + "x" * {LONG} + " in line 7")
"""
MIGRATION = f"""\
from django.db import migrations

def fail(apps, schema_editor):
    raise ValueError("too loud: " + "x" * {LONG} + " in line 7")

class Migration(migrations.Migration):
    dependencies = [("catalogue", "{{before}}")]
    operations = [migrations.RunPython(fail)]
"""
SETTINGS = f"""
import sys
if "pending" in sys.argv[0]:
    raise ValueError("too loud: " + "x" * {LONG} + " in line 7")
"""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Where an update is interrupted.

    Attributes:
        name: what goes on then, for people.
        resource: the resource that it goes on for, without the deployment's name.
        operation: what the engine does with it.
        role: the container that has to be there; "" for none.
        step: the module that has to run; "" for none.
        ends: seconds in which the update has to end.
    """

    name: str
    resource: str
    operation: str = "create"
    role: str = ""
    step: str = ""
    ends: float = SOON


# An image is built to its end: Pulumi's Docker plugin takes no notice of an interruption.
FIRST = (
    Phase(name="build", resource="release", ends=300),
    Phase(name="seeding job", resource="job", role="seeding"),
    Phase(name="gate", resource="gate", step="gate_step"),
    Phase(name="switch of traffic", resource="traffic"),
)
AGAIN = "create-replacement"
UPDATE = (
    Phase(
        name="migration check", resource="migration-check", operation=AGAIN, role="migration-check"
    ),
    Phase(name="copy", resource="migration-check", operation=AGAIN, role="backup"),
    Phase(name="container start", resource="backend", operation=AGAIN),
)


@pytest.fixture(scope="module")
def subject(make_site: MakeSite) -> Subject:
    """A site that is still to be made."""
    site = make_site("edges")
    site.configure(processes__web__stopGrace=5)
    return Subject(site=site)


@pytest.fixture(scope="module")
def made(subject: Subject) -> Subject:
    """That site, which serves."""
    subject.site.up()
    subject.settle()
    return subject


def has(site: Site, role: str) -> bool:
    """The deployment's container with that role runs."""
    try:
        return bool(docker.from_env().containers.get(f"{site.deployment}-{role}"))
    except docker.errors.NotFound:
        return False


def runs(site: Site, step: str) -> bool:
    """A process of the site's program runs that step."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = " ".join(process.info["cmdline"] or ())
        if words.endswith(f".{step}") and process.info["cwd"] == str(site.folder):
            return True
    return False


def interrupted(site: Site, phase: Phase, once: Callable[[], object] | None = None) -> CutOff:
    """Interrupt an update by Ctrl-C in one of its phases."""
    at = Boundary(side="before", operation=phase.operation, resource=phase.resource)
    if phase.role:
        once = once or (lambda: has(site, phase.role))
    if phase.step:
        once = once or (lambda: runs(site, phase.step))
    return cut_off(site, Cut(at=at, once=once, signal=signal.SIGINT, whole=False))


def says_so(ended: CutOff) -> bool:
    """An update says, in one way or the other, that it was interrupted."""
    # It may come before the step's first process is there.
    ways = ("signal: killed: running", "context canceled: running", "update canceled")
    return any(way in ended.output for way in ways)


def ends_well(site: Site, phase: Phase, ended: CutOff, fault: BeginFault) -> None:
    """It ends soon, says what was interrupted, and nothing that has no meaning."""
    fault("Ctrl-C").saw(f"{phase.name}: {ended.ended_in:.1f} s", first_error(ended.output))
    assert ended.code > 0, f"{phase.name} was not interrupted\n{ended.output}"
    assert ended.ended_in < phase.ends, ended.output
    assert "error hook" not in ended.output
    assert "Traceback" not in ended.output
    # The switch of traffic is over within a second: it may not have begun, or may be done already.
    if phase.resource == "traffic":
        assert says_so(ended), ended.output
    elif phase.resource not in ("release", "backend"):
        assert f"({site.deployment}-{phase.resource}):" in ended.output
        assert says_so(ended), ended.output
    else:
        # What the Docker plugin does is finished, and what follows is not begun. Pulumi may still
        # have waited for the program, which it then kills; and a step may have run beside it.
        killed = "program exited with non-zero exit code: -1" in ended.output
        assert killed or says_so(ended), ended.output


def test_a_first_up_that_is_interrupted_in_each_phase_goes_on(
    subject: Subject, fault: BeginFault
) -> None:
    for phase in FIRST:
        ends_well(subject.site, phase, interrupted(subject.site, phase), fault)
    subject.site.up()
    subject.settle()
    twice = {thing for thing, number in subject.wanted.items() if number > 1}
    assert twice == {"network network"}, "everything else is there once"
    assert subject.wanted["network network"] == 3, "the database's, and two of the edge's"
    assert list(subject.problems()) == []
    done = [r["operation"] for r in subject.site.ledger() if r["point"] == "job"]
    assert done[-2:] == ["migrate", "seed"]


def test_an_update_that_is_interrupted_in_each_phase_goes_on(
    made: Subject, fault: BeginFault
) -> None:
    made.edit()
    made.add_column()
    for phase in UPDATE:
        ends_well(made.site, phase, interrupted(made.site, phase), fault)
        assert Browser(made.site.url).get("/")[0] == 200
    made.site.up()
    assert list(made.problems()) == []


def test_a_window_that_is_interrupted_is_ended_by_the_next_up(
    made: Subject, fault: BeginFault
) -> None:
    site = made.site
    site.configure(migrations__window=True)
    made.edit()
    made.remove_column()
    phase = Phase(name="window", resource="migration-check", operation=AGAIN)
    ended = interrupted(site, phase, once=lambda: window.is_open(site.deployment))
    ends_well(site, phase, ended, fault)
    assert window.is_open(site.deployment)
    site.up()
    assert not window.is_open(site.deployment)
    assert list(made.problems()) == []


def test_a_retirement_that_is_interrupted_is_done_by_the_next_up(
    made: Subject, fault: BeginFault
) -> None:
    site = made.site
    name = f"{site.deployment}-old"
    stubborn = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
    old = docker.from_env().containers.run(
        site.outputs()["baseImage"].split(", ")[0], stubborn, name=name, detach=True
    )
    try:
        site.configure(retire=[name])
        phase = Phase(name="retirement", resource="retirement")
        ended = interrupted(site, phase)
        ends_well(site, phase, ended, fault)
        site.up()
        old.reload()
        assert old.status == "exited"
        assert list(made.problems()) == []
    finally:
        old.remove(force=True)


def test_a_state_that_another_engine_wrote_costs_no_output(made: Subject) -> None:
    site = made.site
    before = site.outputs(secrets=True)
    assert {"seeding", "ledger", "row", "migrations", "backup", "wayBack"} <= set(before)
    commands = import_as_another_engine(site)
    again = site.up()
    assert again.changes()["updated"] == commands
    assert site.outputs(secrets=True) == before
    said = site.pulumi("up", "--yes", "--expect-no-changes", "-s", site.stack, check=True)
    assert set(said.changes()) == {"unchanged"}
    assert list(made.problems()) == []


def import_as_another_engine(site: Site) -> int:
    """Have a state that says of its commands what an earlier stand-in wrote; tells of how many."""
    state = json.loads(site.pulumi("stack", "export", "-s", site.stack, check=True).output)
    resources = state["deployment"]["resources"]
    commands = [r for r in resources if r["type"] == "command:local:Command"]
    for command in commands:
        for kind in ("inputs", "outputs"):
            command[kind]["addPreviousOutputInEnv"] = True
    file = site.folder / "another.json"
    file.write_text(json.dumps(state))
    site.pulumi("stack", "import", "--file", str(file), "-s", site.stack, check=True)
    return len(commands)


def shouts_in_a_step(site: Site) -> None:
    """The last seed step prints a long line, and fails by another."""
    folder = site.folder / "example/catalogue/management/commands"
    (folder / "shout.py").write_text(SHOUT)
    site.pulumi("config", "set", "--path", "-s", site.stack, "seed[10]", "shout", check=True)


def shouts_in_a_migration(site: Site) -> None:
    """A migration fails by a long line, in the log of the container that starts."""
    folder = site.folder / "example/catalogue/migrations"
    before = max(path.stem for path in folder.glob("0*.py"))
    (folder / "0099_shout.py").write_text(MIGRATION.format(before=before))


def shouts_in_the_settings(site: Site) -> None:
    """The settings fail by a long line, when the release is asked for its migrations."""
    with next((site.folder / "example/lanterna").glob("settings*")).open("a") as stream:
        stream.write(SETTINGS)


@pytest.mark.parametrize(
    "shouts", [shouts_in_a_step, shouts_in_a_migration, shouts_in_the_settings]
)
def test_a_long_line_is_shown_cut_with_its_cause(
    made: Subject, fault: BeginFault, shouts: Callable[[Site], None]
) -> None:
    site = made.site
    stack = site.folder / f"stacks/Pulumi.{site.stack}.yaml"
    before = {path: path.read_text() for path in [stack, *site.folder.glob("example/**/*.py")]}
    try:
        shouts(site)
        failed = site.up(check=False)
    finally:
        for path in site.folder.glob("example/**/*.py"):
            if path not in before:
                path.unlink()
        for path, text in before.items():
            path.write_text(text)
    fault("long lines").saw(
        f"{shouts.__name__}: exit code {failed.code}", first_error(failed.output)
    )
    assert failed.code != 0
    assert "too loud: xxx" in failed.output
    assert "xxx in line 7" in failed.output
    assert "characters left out) …" in failed.output
    assert max(map(len, failed.output.splitlines())) < 64 * 1024
    assert Browser(site.url).get("/")[0] == 200
