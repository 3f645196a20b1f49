"""One site from two clones, each with a home of its own, by a state that they share.

The tests build on each other, in order: first the state is in a bucket, then in a folder.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.harness import Browser, Run, Site, changed, forget_secrets
from tests.integration.interruption import Boundary, Cut, cut_off
from tests.s3_server.server import bucket

VIEWS = "example/catalogue/views.py"
LOCKED = "the stack is currently locked by 1 lock(s)"
# Long before it is through: who comes meanwhile meets with it.
BEGUN = Boundary(side="before", operation="create-replacement", resource="release")
TEAMS = Path(__file__).parents[2] / "docs/teams.md"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with bucket(tmp_path_factory.mktemp("s3")) as variables:
        yield variables


@pytest.fixture(scope="module")
def here(make_site: MakeSite, state: dict[str, str]) -> Site:
    """The clone in which the site is deployed first."""
    site = make_site("shared", env=state)
    site.commit()
    return site


@pytest.fixture(scope="module")
def there(here: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Somebody else's, cloned before anything was deployed."""
    return here.clone(tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def first_up(here: Site, there: Site) -> Run:
    return here.up()


@pytest.fixture(scope="module")
def visitor(here: Site, first_up: Run) -> Browser:
    """An administrator who logged in once, right after the first up."""
    browser = Browser(here.url)
    assert browser.log_in("admin", here.secret("admin.password"))
    return browser


def containers(site: Site) -> set[str]:
    """What of the deployment runs."""
    return {str(c.id) for c in docker.from_env().containers.list(filters=site.labelled())}


def exported(site: Site) -> dict[str, Any]:
    """The state, as it is kept."""
    run = site.pulumi("stack", "export", "-s", site.stack, check=True)
    found: dict[str, Any] = json.loads(run.output)
    return found


def edit(here: Site, there: Site, text: str) -> None:
    """Change the project in one clone, commit it, and have the other pull it."""
    with (here.folder / VIEWS).open("a") as stream:
        stream.write(f"\n# {text}\n")
    here.commit()
    there.pull()


def is_one_site(here: Site, there: Site, visitor: Browser) -> None:
    """Both clones are as they were committed, and nobody was logged out."""
    assert changed(here.folder) == changed(there.folder) == ""
    assert visitor.is_logged_in()


def test_a_second_clone_goes_on_with_a_state_in_a_bucket(
    here: Site, there: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    run = there.up()
    fault("second clone").saw(
        f"a home of its own, the state in a bucket: exit code {run.code}",
        run.changes(),
        f"the site answers {visitor.get('/')[0]}",
    )
    assert run.code == 0, run.output
    assert set(run.changes()) == {"unchanged"}, run.output
    assert there.secret("app.secretKey") == here.secret("app.secretKey")
    is_one_site(here, there, visitor)


def test_a_clone_whose_stack_file_lacks_the_salt_takes_the_states(
    here: Site, there: Site, first_up: Run
) -> None:
    # As an activated shell has it.
    file = there.folder / f"stacks/Pulumi.{there.stack}.yaml"
    salted = file.read_text()
    forget_secrets(file)
    without = file.read_text()
    there.env["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] = "true"
    right = there.env["PULUMI_CONFIG_PASSPHRASE"]
    there.env["PULUMI_CONFIG_PASSPHRASE"] = "not the right one"
    refused = there.up(check=False)
    there.env["PULUMI_CONFIG_PASSPHRASE"] = right
    assert refused.code != 0
    assert "incorrect passphrase" in refused.output
    assert file.read_text() == without, "no other salt is written"
    assert set(there.preview().changes()) == {"unchanged"}
    assert file.read_text() == salted


@pytest.mark.parametrize("passphrase", ["not the right one", None])
def test_without_the_passphrase_nothing_is_changed(
    here: Site, there: Site, first_up: Run, passphrase: str | None
) -> None:
    edit(here, there, "of somebody without the passphrase")
    before, running = exported(here), containers(here)
    right = there.env.pop("PULUMI_CONFIG_PASSPHRASE")
    if passphrase:
        there.env["PULUMI_CONFIG_PASSPHRASE"] = passphrase
    try:
        runs = [there.preview(), there.up(check=False)]
    finally:
        there.env["PULUMI_CONFIG_PASSPHRASE"] = right
    for run in runs:
        assert run.code != 0
        assert ("incorrect passphrase" if passphrase else "passphrase must be set") in run.output
    assert changed(there.folder) == ""
    assert exported(here) == before
    assert containers(here) == running


def test_what_was_killed_is_recovered_from_another_clone(
    here: Site, there: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    edit(here, there, "a change")
    serving, refused = containers(here), list[Run]()

    def is_refused() -> bool:
        refused.append(there.up(check=False))
        return True

    # It is at work while the other comes, and then it is no more.
    killed = cut_off(here, Cut(at=BEGUN, once=is_refused))
    assert killed.code < 0, killed.output
    assert serving <= containers(here), "what served goes on"
    is_refused()
    for run in refused:
        assert run.code != 0
        assert LOCKED in run.output
        assert "`pulumi cancel`" in run.output
        assert re.search(r"created by \S+@\S+ \(pid \d+\)", run.output)
    said = there.recover()
    assert said.code == 0, said.output
    assert "which runs no more" in said.output
    run = there.up()
    fault("second clone").saw(
        "killed here, the state in a bucket: there refused with `locked by 1 lock(s)`, "
        f"recovered with exit code {said.code}, and deployed with {run.code}",
        f"still logged in: {visitor.is_logged_in()}",
    )
    assert set(here.preview().changes()) == {"unchanged"}, "what was deployed there is done here"
    is_one_site(here, there, visitor)


def test_a_state_is_taken_along_to_another_place(
    here: Site, there: Site, first_up: Run, visitor: Browser
) -> None:
    """By the commands of the page, from the bucket to a folder that both reach."""
    shared = here.folder / "state"
    block = re.search(r"```sh\n(pulumi stack export .*?)```", TEAMS.read_text(), re.DOTALL)
    assert block
    text = block[1].replace("production", here.stack)
    text, told = re.subn(r"'s3://[^']*'", shlex.quote(f"file://{shared}"), text)
    assert told == 1
    words = ["bash", "-e", "-c", text]
    done = subprocess.run(words, cwd=here.folder, env=here.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (here.folder / "state.json").exists()
    for site in (here, there):
        site.env["PULUMI_BACKEND_URL"] = f"file://{shared}"
    run = there.up()
    assert set(run.changes()) == {"unchanged"}, run.output
    is_one_site(here, there, visitor)


def test_a_lock_of_another_machine_is_left_to_who_knows(
    here: Site, there: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    edit(here, there, "another change")
    killed = cut_off(here, Cut(at=BEGUN))
    assert killed.code < 0, killed.output
    [lock] = (here.folder / "state/.pulumi/locks").rglob("*.json")
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "hostname": "a-laptop"}))
    assert LOCKED in there.up(check=False).output
    refused = there.recover()
    assert refused.code == 1
    assert "can't be seen from here" in refused.output
    told = re.search(r"`pulumi (cancel [^`]+)`", refused.output)
    assert told
    there.pulumi(*told[1].split(), "--yes", check=True)
    said = there.recover()
    assert said.code == 0, said.output
    run = there.up()
    fault("second clone").saw(
        "killed here, the state in a folder: recovery there names the lock of another machine; "
        f"after `pulumi cancel` exit code {said.code}, and deployed with {run.code}",
        f"the site answers {visitor.get('/')[0]}",
    )
    is_one_site(here, there, visitor)
