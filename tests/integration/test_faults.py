"""What goes wrong around a site that serves, and what becomes of it: one site, fault after fault.

The tests build on each other, in order. Faults that belong to a site's life, to its config or to
its database are tested where those are.
"""

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
from docker.models.containers import Container

from bench.visitor import free_port
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.counting import release_with_a_migration_and_new_styles
from tests.integration.faults import Fault, first_error
from tests.integration.harness import Browser, Run, Site, forget_secrets

BY_HAND = "typed-by-a-person-long-ago"
PAUSE = """\
import pathlib, time
from django.core.management.base import BaseCommand
from catalogue.models import Category

class Command(BaseCommand):
    def handle(self, **options):
        made = 0
        for number in range(3):
            _, new = Category.objects.get_or_create(slug=f"shed-{number}", name=f"Shed {number}")
            made += new
            mark = pathlib.Path("/srv/media/paused")
            if number == 1 and not mark.exists():
                mark.touch()
                print("pausing", flush=True)
                time.sleep(300)
        return f"created {made} sheds" if made else "unchanged"
"""


@pytest.fixture(scope="module")
def beginning(make_site: MakeSite) -> tuple[Site, Run, Run]:
    """A site whose first `up` failed at the gate, and the next one mended it, with a migration."""
    site = make_site("faults")
    site.configure(
        env={"LANTERN": "lit", "ANCHOR": "cast"}, site__allowedHosts=["b.example", "a.example"]
    )
    apps = site.folder / "example/catalogue/apps.py"
    good = apps.read_text()
    apps.write_text(f"{good}\nimport sys\nif 'gunicorn' in sys.argv[0]:\n    sys.exit('no lamp')\n")
    failed = site.pulumi("up", "--yes", "--skip-preview", "-s", site.stack)
    apps.write_text(good)
    release_with_a_migration_and_new_styles(site.folder, "tide")
    return site, failed, site.up()


@pytest.fixture(scope="module")
def site(beginning: tuple[Site, Run, Run]) -> Site:
    return beginning[0]


@pytest.fixture
def mended(site: Site) -> Iterator[None]:
    """What a test breaks in the project, the config and the environment is put back."""
    stack = site.folder / f"stacks/Pulumi.{site.stack}.yaml"
    before, env = stack.read_text(), dict(site.env)
    shutil.copytree(site.folder / "example", site.folder / "example.good")
    yield
    stack.write_text(before)
    site.env = env
    shutil.rmtree(site.folder / "example")
    (site.folder / "example.good").rename(site.folder / "example")


def backend(site: Site) -> Container:
    """The one backend that runs."""
    (found,) = docker.from_env().containers.list(filters=site.labelled("backend"))
    return found


def running(site: Site) -> list[str]:
    """The names of the deployment's containers that run."""
    return sorted(
        str(container.name)
        for container in docker.from_env().containers.list(filters=site.labelled())
    )


def in_backend(site: Site, code: str) -> str:
    """What a piece of Python prints in the container that serves."""
    code = f"import django; django.setup(); {code}"
    ended, said = backend(site).exec_run(["python", "-c", code])
    assert ended == 0, said
    assert isinstance(said, bytes)
    return said.decode().strip()


def resources(site: Site) -> list[Any]:
    """What the stack's state knows of; without its outputs, which Pulumi drops as it begins."""
    # In plain text: what is secret is encrypted anew whenever the state is written.
    words = ("stack", "export", "--show-secrets", "-s", site.stack)
    exported = site.pulumi(*words, check=True).output
    found = json.loads(exported)["deployment"].get("resources") or ()
    known = [r for r in found if r["type"] != "pulumi:pulumi:Stack"]
    return [{key: r.get(key) for key in ("urn", "id", "inputs", "outputs")} for r in known]


def status(site: Site) -> int:
    return Browser(site.url).get("/")[0]


def fails(site: Site, fault: Fault, *, within: float = 120, show: str = "") -> Run:
    """Deploy, and see it fail while what was serving goes on.

    Args:
        site: the site.
        fault: what to report to.
        within: seconds that it may take.
        show: a pattern of what is to be reported besides the error.
    """
    before = running(site)
    started = time.monotonic()
    run = site.pulumi("up", "--yes", "--skip-preview", "-s", site.stack)
    seconds = time.monotonic() - started
    found = re.search(show, run.output) if show else None
    fault.saw(
        f"exit code {run.code} after {seconds:.0f} s",
        first_error(run.output),
        *([found.group() if found else f"not shown: {show}"] if show else []),
        f"the site answers {status(site)}",
    )
    assert run.code != 0, run.output
    assert found or not show, run.output
    assert "Traceback" not in first_error(run.output)
    assert seconds < within
    assert set(before) <= set(running(site)), "what served goes on serving"
    assert status(site) == 200
    return run


def test_a_first_update_that_failed_is_continued(beginning: tuple[Site, Run, Run]) -> None:
    site, failed, mended = beginning
    assert failed.code != 0
    assert "was not let through to traffic" in failed.output
    assert "no lamp" in failed.output
    # The job had run before that migration was there: the start applies it, as it should.
    said = re.search(r"ledger: clean server: .*", mended.output)
    assert said
    assert "migrate at startup 1 (applied 1), as planned" in said.group()
    assert "warning: ledger" not in mended.output
    assert site.outputs()["ledger"]["agrees"] is True


@pytest.mark.usefixtures("mended")
def test_another_order_is_no_change(site: Site, fault: BeginFault) -> None:
    stack = site.folder / f"stacks/Pulumi.{site.stack}.yaml"
    text = stack.read_text()
    for one, other in (("LANTERN: lit", "ANCHOR: cast"), ("b.example", "a.example")):
        assert one in text
        assert other in text
        text = text.replace(one, "\0").replace(other, one).replace("\0", other)
    assert text != stack.read_text()
    stack.write_text(text)
    preview = site.preview()
    fault("another order").saw(f"environment and site.allowedHosts: {preview.changes()}")
    assert set(preview.changes()) == {"unchanged"}, preview.output


def elsewhere(site: Site, address: str, fault: Fault) -> Run:
    """Deploy to a host that does not answer."""
    before = resources(site)
    site.env["DOCKER_HOST"] = address
    try:
        run = fails(site, fault, within=60, show=r"it said: .*")
    finally:
        del site.env["DOCKER_HOST"]
    same = resources(site) == before
    fault.saw(f"state {'as before' if same else 'CHANGED'}: {len(before)} resources")
    assert f"no Docker daemon answers at {address}" in run.output
    assert before
    assert same
    return run


@pytest.mark.essential("daemon down")
def test_a_daemon_that_is_down(site: Site, tmp_path: Path, fault: BeginFault) -> None:
    run = elsewhere(site, f"unix://{tmp_path}/docker.sock", fault("daemon down"))
    assert "systemctl start docker" in run.output


def test_a_daemon_that_ssh_does_not_reach(site: Site, fault: BeginFault) -> None:
    run = elsewhere(site, f"ssh://nobody@127.0.0.1:{free_port()}", fault("ssh refused"))
    assert "Connection refused" in run.output
    assert "ssh has to get there without a question" in run.output


@pytest.mark.essential("port taken")
@pytest.mark.usefixtures("mended")
def test_a_port_that_is_taken(site: Site, fault: BeginFault) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        site.configure(site__port=port)
        run = fails(site, fault("port taken"), show=rf"127\.0\.0\.1:{port} is taken by [^;]*")
    assert "is taken by process" in run.output
    assert f"pulumi config set --path site.port {port + 1}" in run.output


def misspelt_dockerfile(site: Site) -> None:
    (site.folder / "example/Dockerfile").write_text("FORM debian\n")
    site.configure(image__dockerfile="Dockerfile")


def missing_static_file(site: Site) -> None:
    with (site.folder / "example/lanterna/static/css/site.css").open("a") as styles:
        styles.write("\n.x { background: url('no-such-lantern.png') }\n")


def unreachable_index(site: Site) -> None:
    with (site.folder / "example/requirements.txt").open("a") as requirements:
        requirements.write("\n# installed anew\n")
    site.env["UV_DEFAULT_INDEX"] = f"http://127.0.0.1:{free_port()}/simple"


@pytest.mark.usefixtures("mended")
def test_a_dockerfile_with_a_syntax_error(site: Site, fault: BeginFault) -> None:
    misspelt_dockerfile(site)
    fails(site, fault("Dockerfile syntax"), show=r"unknown instruction: \w+")


@pytest.mark.essential("failed build")
@pytest.mark.usefixtures("mended")
def test_collectstatic_fails(site: Site, fault: BeginFault) -> None:
    missing_static_file(site)
    fails(site, fault("collectstatic"), show=r"collectstatic failed: .*")


@pytest.mark.usefixtures("mended")
def test_an_index_that_cannot_be_reached(site: Site, fault: BeginFault) -> None:
    unreachable_index(site)
    fails(site, fault("package index"), show=r"(?i)failed to fetch.*|connection refused.*")


def counts(site: Site) -> str:
    """How much of everything there is, and whose password the administrator has."""
    return in_backend(
        site,
        "from django.apps import apps; from django.contrib.auth import get_user_model as m;"
        "models = [x for x in apps.get_models() if x._meta.app_label in ('auth', 'catalogue',"
        " 'editorial')];"
        "print(sum(x._default_manager.count() for x in models), 'rows;',"
        f" 'password kept:', m().objects.get(username='admin').check_password('{BY_HAND}'))",
    )


@pytest.mark.essential("seeding killed")
@pytest.mark.usefixtures("mended")
def test_what_takes_more_memory_than_it_may_is_named_with_the_key(site: Site) -> None:
    serving = backend(site).name
    site.configure(processes__memory=384)
    apps = site.folder / "example/catalogue/apps.py"
    hungry = "import sys\nif 'gunicorn' in sys.argv[0]:\n    bytearray(2**30)\n"
    apps.write_text(f"{apps.read_text()}\n{hungry}")
    failed = site.up(check=False)
    assert failed.code != 0
    assert "killed for taking more memory than processes.memory allows, 384 MB" in failed.output
    assert "`pulumi config set --path processes.memory 768 -s" in failed.output
    assert backend(site).name == serving
    assert Browser(site.url).get("/")[0] == 200


def test_seeding_that_is_killed_midway_completes_when_it_runs_again(
    site: Site, fault: BeginFault
) -> None:
    killed, again = fault("seeding killed"), fault("seeding again")
    in_backend(
        site,
        "from django.contrib.auth import get_user_model as m;"
        f"u = m().objects.get(username='admin'); u.set_password('{BY_HAND}'); u.save()",
    )
    before = counts(site)
    command = site.folder / "example/editorial/management/commands/seed_sheds.py"
    command.write_text(PAUSE)
    site.configure(seed=["seed_admin", "seed_sheds", "seed_pages"])
    killer = threading.Thread(target=kill_when, args=(site, "pausing"))
    killer.start()
    run = fails(site, killed, within=300)
    killer.join()
    assert "seed_pages" not in run.output.partition("[1/3]")[2].partition("error:")[0]
    halfway = counts(site)
    site.up()
    after = counts(site)
    rows = [int(text.split()[0]) for text in (before, halfway, after)]
    killed.saw(f"before: {before}", f"killed: {halfway}", f"run again: {after}", site.steps())
    assert rows == [rows[0], rows[0] + 2, rows[0] + 3], "completed, and nothing twice"
    assert after.endswith("password kept: True")
    site.configure(releases__redeploy=1)
    site.up()
    again.saw(f"before: {after}", f"after: {counts(site)}", site.steps())
    assert counts(site) == after
    assert site.results() == {"unchanged"}


def kill_when(site: Site, text: str) -> None:
    """Kill the seeding job's container once it has printed a text."""
    client = docker.from_env()
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        for container in client.containers.list(filters=site.labelled("seeding")):
            try:
                if text.encode() in container.logs():
                    container.kill()
                    return
            except docker.errors.APIError:
                pass  # it has just ended
        time.sleep(0.2)


def test_a_data_volume_that_became_roots(site: Site, fault: BeginFault) -> None:
    owner(site, "0:0")
    try:
        site.configure(releases__redeploy=2)
        fails(site, fault("owned by root"), show=r"can't be written: [^\n]*")
    finally:
        owner(site, "10001:10001")


def owner(site: Site, ids: str) -> None:
    data = {f"{site.deployment}-data": {"bind": "/data"}}
    image = str(backend(site).attrs["Image"])
    docker.from_env().containers.run(
        image, ["chown", "-R", ids, "/data"], volumes=data, user="0", remove=True
    )


def test_images_that_were_pruned_are_built_again(site: Site, fault: BeginFault) -> None:
    client = docker.from_env()
    # What `docker system prune --all` leaves of a site that was stopped.
    for container in site.containers():
        container.remove(force=True)
    for network in client.networks.list(filters=site.labelled()):
        network.remove()
    images = client.images.list(filters=site.labelled())
    for image in images:
        client.images.remove(str(image.id), force=True)
    run = site.up()
    every = site.containers()
    fault("image pruned").saw(
        f"{len(images)} images, containers and network removed",
        f"exit code {run.code}",
        run.changes(),
        f"containers: {sorted(container.status for container in every)}",
        f"the site answers {status(site)}",
    )
    assert sorted(container.status for container in every) == ["running", "running"]
    assert status(site) == 200
    assert set(site.preview().changes()) == {"unchanged"}


def test_lost_data_is_not_made_up(site: Site) -> None:
    # Looked at by a preview of a state that knows a volume which is not there.
    exported = site.pulumi("stack", "export", "-s", site.stack, check=True).output
    changed = exported.replace(f'"id": "{site.deployment}-data"', '"id": "t-no-such-volume"')
    assert changed != exported
    (site.folder / "changed.json").write_text(changed)
    (site.folder / "good.json").write_text(exported)
    imported = ("stack", "import", "-s", site.stack, "--file")
    site.pulumi(*imported, "changed.json", check=True)
    try:
        run = site.preview()
    finally:
        site.pulumi(*imported, "good.json", check=True)
    assert run.code != 0
    assert "gone from the Docker host: there is no volume t-no-such-volume" in run.output


def test_a_lost_passphrase(site: Site, fault: BeginFault) -> None:
    visitor = Browser(site.url)
    assert visitor.log_in("admin", BY_HAND)
    site.env["PULUMI_CONFIG_PASSPHRASE"] = "another one"
    refused = site.up(check=False)
    assert refused.code != 0
    names = {"CONTAINER": str(backend(site).name), "STACK": site.stack}
    follow = follower(site, names)
    commands = recovery_commands("The passphrase is lost", postgres=False)
    assert len(commands) >= 3
    for text in commands:
        if text.startswith("#"):
            forget_secrets(site.folder / f"stacks/Pulumi.{site.stack}.yaml")
        else:
            follow(text)
    named = site.preview()
    assert "make recover" in named.output
    follow("python3 -m components.recover STACK --take-down")
    site.up()
    fault("passphrase lost").saw(
        first_error(refused.output),
        f"re-entered: {len(commands)} commands of docs/recovery.md",
        f"containers and network named: {named.code}",
        f"the site answers {status(site)}",
        f"still logged in: {visitor.is_logged_in()}",
        counts(site),
    )
    assert visitor.is_logged_in(), "the same key and the same data"


def recovery_commands(topic: str, *, postgres: bool) -> list[str]:
    """The commands of a block in docs/recovery.md, and the comments on lines of their own."""
    page = (Path(__file__).parents[2] / "docs/recovery.md").read_text()
    _, _, text = page.partition(f"## {topic}\n")
    block = text.partition("```sh\n")[2].partition("```")[0]
    lines = (line.strip() for line in block.splitlines())
    return [line for line in lines if postgres or "assword" not in line]


def follower(site: Site, names: dict[str, str]) -> Callable[[str], None]:
    """Runs a command as it stands in the documentation, with the names of this site."""

    def follow(text: str) -> None:
        for placeholder, name in names.items():
            text = re.sub(rf"\b{placeholder}\b", name, text)
        done = subprocess.run(
            ["sh", "-c", text], cwd=site.folder, env=site.env, text=True, capture_output=True
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"

    return follow
