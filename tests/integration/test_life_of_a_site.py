"""One site through its life: clean server, nothing to do, updates, failures, destroy and up.

The tests of this module build on each other, in order, on one deployment.
"""

import copy
import functools
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import docker
import psutil
import pytest
import yaml
from docker.models.containers import Container

from bench.visitor import free_port
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.harness import Browser, Run, Site, changed, running, visitors
from tests.integration.ssh_host import SshHost
from tests.secret_leaks import leaks

STEPS = 10
VIEWS = "example/catalogue/views.py"
ROLES = ("backups", "data", "kept-secrets", "ledger", "media")
# What an update replaces.
CHANGED = ["account", "backend", "gate", "migration-check", "release", "releases", "traffic"]


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    return make_site("life")


@pytest.fixture(scope="module")
def command_lines() -> set[str]:
    """The command lines of all that ran during the first up."""
    return set()


@pytest.fixture(scope="module")
def first_up(site: Site, command_lines: set[str]) -> Run:
    site.commit()
    with running(command_lines):
        return site.up(preview=True)


@pytest.fixture(scope="module")
def visitor(site: Site, first_up: Run) -> Browser:
    """An administrator who logged in once, right after the first up."""
    browser = Browser(site.url)
    assert browser.log_in("admin", site.secret("admin.password"))
    return browser


def backends(site: Site) -> list[str]:
    """Names of the backend containers that run."""
    found = docker.from_env().containers.list(filters=site.labelled("backend"))
    return sorted(str(container.name) for container in found)


def releases(site: Site) -> int:
    """How many images of releases there are."""
    return len(docker.from_env().images.list(filters=site.labelled("release")))


def account(site: Site) -> tuple[str, bool]:
    """Which row of the decision matrix the last update was, and whether the ledger confirms it."""
    outputs = site.outputs()
    return outputs["row"], outputs["ledger"]["agrees"]


def edit(site: Site, file: str, text: str) -> None:
    """Append to a file of the site's own copy of the example."""
    with (site.folder / file).open("a") as stream:
        stream.write(text)


def test_a_preview_announces_everything_and_changes_nothing(site: Site) -> None:
    run = site.preview()
    assert run.code == 0, run.output
    # Pulumi names the stack, and then comes the answer at once.
    answer = run.output.rpartition("(django-on-docker-clean-server):\n")[2].splitlines()[:5]
    titles = [line.strip().partition(":")[0] for line in answer]
    assert titles == ["this up", "release", "migrations", "gap", "stays"], run.output
    assert "clean server (nothing has served yet)" in answer[0]
    assert "execution plan" in run.output
    assert re.search(r"collectstatic +build +yes", run.output)
    assert docker.from_env().volumes.list(filters={"name": site.deployment}) == []
    assert "secretKey" not in (site.folder / "stacks/Pulumi.clean-server.yaml").read_text()


@pytest.mark.essential("clean server")
def test_a_clean_server_becomes_a_seeded_site(site: Site, first_up: Run) -> None:
    status, page = Browser(site.url).get("/")
    assert status == 200
    assert "Skarn Tooth" in page
    assert Browser(site.url).get("/health/")[0] == 200


@pytest.mark.essential("static files")
def test_static_files_have_hashed_names_and_are_served(site: Site, first_up: Run) -> None:
    browser = Browser(site.url)
    found = re.search(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', browser.get("/")[1])
    assert found
    status, style = browser.get(found.group(1))
    assert status == 200
    for reference in re.findall(r'url\("?([^")]+)', style):
        if not reference.startswith(("data:", "#")):
            assert browser.get(urljoin(found.group(1), reference))[0] == 200, reference


def test_seeded_media_are_served(site: Site, first_up: Run) -> None:
    browser = Browser(site.url)
    found = re.search(r'src="(/media/[^"]+)"', browser.get("/")[1] + browser.get("/lights/")[1])
    assert found
    assert browser.get(found.group(1))[0] == 200


def test_a_link_among_them_is_served_by_where_it_leads(site: Site, first_up: Run) -> None:
    (backend,) = docker.from_env().containers.list(filters=site.labelled("backend"))
    link = "cd /srv/media && echo seen > inside-7 && ln -s inside-7 link-7 && ln -s "
    assert backend.exec_run(["sh", "-c", f"{link} /run/secrets/SECRET_KEY key-7"]).exit_code == 0
    answers = [Browser(site.url).get(f"/media/{name}") for name in ("link-7", "key-7")]
    backend.exec_run(["sh", "-c", "cd /srv/media && rm inside-7 link-7 key-7"])
    assert answers == [(200, "seen\n"), (404, "Not found")]


def test_the_job_says_what_each_step_did(site: Site, first_up: Run) -> None:
    assert [result for _, result in site.steps()] == ["created"] * STEPS
    assert re.match(rf"[1-9]\d* migrations applied, {STEPS} steps in", site.outputs()["seeding"])
    assert "[10/10] seed_announcement" in first_up.output


def test_the_outputs_explain_themselves(site: Site, first_up: Run) -> None:
    outputs = site.outputs()
    assert outputs["url"] == site.url
    assert outputs["deployment"] == site.deployment
    assert outputs["strategy"] == "recommended"
    assert outputs["imageId"].startswith("sha256:")
    assert re.fullmatch(r"[0-9a-f]{16}", outputs["release"])
    assert outputs["baseImage"]
    assert [outputs["containers"]["backend"]] == backends(site)
    assert outputs["executionPlan"] == "build: collectstatic; job: migrate, seed; startup: migrate"


@pytest.mark.essential("secrets")
def test_no_secret_is_shown(site: Site, first_up: Run, command_lines: set[str]) -> None:
    secrets = [site.secret("app.secretKey"), site.secret("admin.password")]
    shown = first_up.output + str(site.outputs())
    for container in docker.from_env().containers.list(filters={"name": site.deployment}):
        shown += str(container.attrs) + container.logs().decode()
    shown += "\n".join(command_lines)
    assert "kept_secrets_step" in shown, "it was looked at often enough"
    for volume in docker.from_env().volumes.list(filters=site.labelled()):
        shown += str(volume.attrs)
    state = "".join(p.read_text() for p in (site.folder / "state").rglob("*.json"))
    state += (site.folder / "stacks/Pulumi.clean-server.yaml").read_text()
    for secret in secrets:
        assert not leaks(secret, shown)
        assert not leaks(secret, state)
        assert len(secret) >= 8
        assert secret not in shown
        assert secret not in state


def test_the_files_in_the_repository_stay_as_they_were(site: Site, first_up: Run) -> None:
    assert changed(site.folder) == ""


def test_the_administrators_password_is_an_output(site: Site, first_up: Run) -> None:
    assert site.outputs()["adminPassword"] == "[secret]"
    assert site.outputs(secrets=True)["adminPassword"] == site.secret("admin.password")


def test_generated_secrets_are_roots_alone_on_the_host(site: Site, first_up: Run) -> None:
    image = site.outputs()["imageId"]
    volumes = {f"{site.deployment}-kept-secrets": {"bind": "/kept", "mode": "ro"}}
    run = functools.partial(docker.from_env().containers.run, image, volumes=volumes, remove=True)
    said = run(["sh", "-c", "cat /kept/secrets.json || id -u; stat -c '%a %u' /kept/*"])
    assert said.decode().splitlines() == ["10001", "400 0"]
    kept = json.loads(run(["cat", "/kept/secrets.json"], user="0"))
    assert kept == {key: site.secret(key) for key in ("app.secretKey", "admin.password")}


@pytest.mark.essential("nothing changed")
def test_nothing_changed_means_nothing_happens(
    site: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    run = site.up()
    fault("up twice").saw(run.changes())
    assert set(run.changes()) == {"unchanged"}, run.output
    refreshed = site.pulumi("refresh", "--yes", "-s", site.stack, check=True)
    preview = site.preview()
    fault("up, refresh, preview").saw(refreshed.changes(), preview.changes())
    assert set(refreshed.changes()) == {"unchanged"}, refreshed.output
    assert set(preview.changes()) == {"unchanged"}, preview.output


def test_what_dockerignore_excludes_changes_nothing(
    site: Site, first_up: Run, fault: BeginFault
) -> None:
    edit(site, "example/README.md", "\nNot in the image.\n")
    (site.folder / "example/notes.md").write_text("not in the image\n")
    preview = site.preview()
    fault("ignored file").saw(preview.changes())
    assert set(preview.changes()) == {"unchanged"}


@pytest.mark.essential("update")
def test_an_update_replaces_the_backend_and_nothing_else(
    site: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    before, release, built = backends(site), site.outputs()["release"], releases(site)
    edit(site, VIEWS, "\n# a change\n")
    preview = site.preview()
    assert preview.changes()["to replace"] == len(CHANGED), preview.output
    replaced = re.findall(rf"{site.deployment}-([\w-]+) replace", preview.output)
    assert sorted(set(replaced)) == CHANGED
    with visitors(site.url) as statuses:
        run = site.up()
    assert set(statuses) == {200}
    assert run.changes()["replaced"] == len(CHANGED)
    assert backends(site) != before
    assert len(backends(site)) == 1
    fault("source edited").saw(
        f"preview: {', '.join(sorted(set(replaced)))} to be replaced",
        f"images built: {releases(site) - built}",
        f"backends replaced: {len({*before} - {*backends(site)})}",
        f"visitors got {sorted(set(statuses))}",
    )
    assert releases(site) == built + 1
    assert site.outputs()["release"] != release
    assert visitor.is_logged_in()
    assert [result for _, result in site.steps()] == ["created"] * STEPS


def test_redeploy_runs_the_job_again_and_finds_nothing_to_do(
    site: Site, first_up: Run, visitor: Browser
) -> None:
    before = backends(site)
    site.configure(releases__redeploy=1)
    site.up()
    assert [result for _, result in site.steps()] == ["unchanged"] * STEPS
    assert site.outputs()["seeding"].startswith("0 migrations applied")
    assert backends(site) != before
    assert visitor.is_logged_in()


@pytest.mark.essential("failed release")
def test_a_release_that_crashes_gets_no_traffic(
    site: Site, first_up: Run, fault: BeginFault
) -> None:
    before = backends(site)
    trouble = "import sys\nif 'gunicorn' in sys.argv[0]:\n    raise RuntimeError('boiler out')\n"
    edit(site, "example/catalogue/apps.py", f"\n{trouble}")
    started = time.monotonic()
    run = site.up(check=False)
    seconds = time.monotonic() - started
    shown = re.search(r"RuntimeError: .*", run.output)
    status = Browser(site.url).get("/")[0]
    fault("crash at boot").saw(
        f"exit code {run.code} after {seconds:.0f} s (processes.web.gateTimeout 120)",
        shown.group() if shown else "no cause",
        f"the site answers {status}",
    )
    assert run.code != 0
    assert seconds < 120, "it waited for a time-out"
    assert "was not let through to traffic" in run.output
    assert "RuntimeError: boiler out" in run.output
    assert status == 200
    again = site.up(check=False)
    assert again.code != 0, "an unchanged rerun must fail again"
    assert "was not let through to traffic" in again.output
    assert set(before) <= set(backends(site))
    assert Browser(site.url).get("/")[0] == 200


@pytest.mark.essential("recovery")
def test_fixing_it_is_all_the_recovery_there_is(
    site: Site, first_up: Run, visitor: Browser
) -> None:
    file = site.folder / "example/catalogue/apps.py"
    file.write_text(file.read_text().partition("\nimport sys\n")[0])
    site.up()
    assert len(backends(site)) == 1
    every = site.containers()
    names = sorted(f"{one.name} {one.status}" for one in every)
    assert len(every) == 2, f"a backend and an edge, and no leftovers: {names}"
    assert account(site) == ("container restart", True)
    assert set(site.up().changes()) == {"unchanged"}
    assert visitor.is_logged_in()


@pytest.mark.essential("seed step")
def test_a_failing_step_stops_the_job_and_names_itself(
    site: Site, first_up: Run, fault: BeginFault
) -> None:
    command = site.folder / "example/editorial/management/commands/seed_trouble.py"
    command.write_text(
        "import sys\nfrom django.core.management.base import BaseCommand\n\n"
        "class Command(BaseCommand):\n    def handle(self, **options):\n"
        "        print('the well is dry')\n        sys.exit(17)\n"
    )
    site.configure(seed=["seed_roles", "seed_trouble", "seed_admin"])
    run = site.up(check=False)
    named = re.search(r"the seed step .*", run.output)
    fault("step exits 17").saw(
        f"exit code {run.code}",
        named.group() if named else "no step",
        f"later step {'run' if '[3/3]' in run.output else 'not run'}",
        f"the site answers {Browser(site.url).get('/')[0]}",
    )
    assert run.code != 0
    assert named
    assert named.group().startswith("the seed step 'seed_trouble' failed with exit code 17")
    assert "the well is dry" in run.output
    assert "[3/3]" not in run.output
    assert Browser(site.url).get("/")[0] == 200
    site.configure(seed=["seed_roles", "seed_admin"])
    site.up()
    assert [result for _, result in site.steps()] == ["unchanged"] * 2
    assert account(site) == ("code update", True)


def comes_back(site: Site, harm: Callable[[Container], object]) -> str:
    """Do something to the backend by hand, deploy, and say what was seen."""
    harm(docker.from_env().containers.get(backends(site)[0]))
    before = Browser(site.url).get("/")[0]
    run = site.up()
    warned = re.search(r"warning: (container .*)", run.output)
    assert warned
    after = Browser(site.url).get("/")[0]
    replaced = set(re.findall(rf"{site.deployment}-(\w+) replac", run.output))
    seen = f"{before} before, {after} after; {warned.group(1)}; replaced: {sorted(replaced)}"
    assert (before, after) == (503, 200), seen
    assert {"backend", "gate", "traffic"} <= replaced, "it takes the way of every update"
    assert account(site) == ("container restart", True)
    every = site.containers("backend")
    assert len(every) == 1
    return seen


@pytest.mark.essential("comes back")
def test_a_container_removed_by_hand_comes_back(
    site: Site, first_up: Run, fault: BeginFault
) -> None:
    removed = fault("backend removed")
    removed.saw(comes_back(site, lambda container: container.remove(force=True)))


def test_a_container_stopped_by_hand_comes_back(
    site: Site, first_up: Run, fault: BeginFault
) -> None:
    stopped = fault("backend stopped")
    stopped.saw(comes_back(site, lambda container: container.stop(timeout=5)))


def test_turning_seeding_off_and_on_runs_the_job_alone_and_once(
    site: Site, first_up: Run, visitor: Browser
) -> None:
    before = backends(site)
    steps = yaml.safe_load(site.config("seed"))
    site.configure(seed=[])
    site.up()
    site.configure(seed=steps)
    run = site.up()
    assert "ledger: re-deployment: migrate at job 1 (applied 0), seed at job 1, as planned" in (
        run.output
    )
    assert account(site) == ("re-deployment", True)
    again = site.up(preview=True)
    assert "this up: nothing to do" in again.output
    assert set(again.changes()) == {"unchanged"}
    assert backends(site) == before


def test_a_site_says_how_it_is(site: Site, first_up: Run) -> None:
    (backend,) = backends(site)
    said = site.command("operate.status", site.deployment)
    assert said.code == 0, said.output
    assert re.search(
        rf"{backend} +backend \(serves\) +[0-9a-f]{{8}} +running +healthy", said.output
    )
    assert re.search(r"migrations +all applied", said.output)
    logs = site.command("operate.logs", site.deployment, "--tail", "all")
    assert logs.code == 0, logs.output
    assert "Listening at" in logs.output
    well = site.command("operate.doctor", site.deployment, "--port", str(site.port))
    assert (well.code, well.output.splitlines()[-1]) == (0, "nothing is wrong"), well.output


def by_hand(site: Site, *words: str) -> list[str]:
    """The words that run a command by hand."""
    return ["python3", "-m", "components.operate.one_off", site.deployment, *words]


@pytest.fixture
def remote(site: Site, ssh_host: SshHost) -> Site:
    """The same stack, operated from a machine that reaches its Docker host over ssh."""
    there = copy.copy(site)
    there.env = ssh_host.environment(site.env)
    return there


def test_a_command_by_hand_lives_on_while_the_site_is_updated(
    site: Site, remote: Site, first_up: Run
) -> None:
    # It has what it was given, whatever becomes of it on the host meanwhile.
    code = (
        "import pathlib; from django.contrib.auth.models import User\n"
        "before = User.objects.count(); print('begun', flush=True); input()\n"
        "key = pathlib.Path('/run/secrets/SECRET_KEY').read_text()\n"
        "print(before == User.objects.count(), bool(key)); raise SystemExit(5)"
    )
    before, pipe = backends(site), subprocess.PIPE
    words = by_hand(remote, "manage", "shell", "--no-imports", "-c", code)
    with subprocess.Popen(
        words, cwd=remote.folder, env=remote.env, stdin=pipe, stdout=pipe, text=True
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stdout.readline() == "begun\n"
        site.configure_secret_entry("secrets", "TEA_KEY", "darjeeling-darjeeling")
        edit(site, VIEWS, "\n# while a command is at work\n")
        # From here: the state has the host's address, and those who destroy have to reach it, too.
        site.up()
        assert not set(before) & set(backends(site)), "what it was started beside is gone"
        migrated = remote.command("operate.one_off", site.deployment, "manage", "migrate")
        assert "nothing to apply" in migrated.output, migrated.output
        assert account(site) == ("code update", True)
        said, _ = running.communicate("go on\n", timeout=60)
    assert (said, running.returncode) == ("True True\n", 5)
    assert site.containers("one-off") == []
    ran = [r for r in site.ledger() if r["point"] == "one-off"]
    assert [(r["operation"], r["result"]["outcome"]) for r in ran] == [
        ("manage", "failed"),
        ("migrate", "done"),
    ]


# What is asked of a site, how it ends, and what it prints.
ASKED = [
    ("operate.status", (), 0, r"backend \(serves\) +[0-9a-f]{8} +running +(healthy|starting)"),
    ("operate.doctor", (), 0, r"Docker Engine \S+ at ssh://(?s:.*)nothing is wrong"),
    ("operate.logs", ("--tail", "all"), 0, "Listening at"),
    ("operate.one_off", ("settings", "--json"), 0, '"ALLOWED_HOSTS"'),
    ("operate.one_off", ("manage", "no_such_command"), 1, "Unknown command: 'no_such_command'"),
    ("data.restore", (), 0, "engine|no copies yet"),
    ("ledger.show", (), 0, "migrate"),
]


def asked(site: Site) -> list[Run]:
    """What each of them comes to; side by side, since most of it is waiting."""
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(site.command, m, site.deployment, *words) for m, words, _, _ in ASKED]
        return [run.result() for run in runs]


@pytest.mark.essential("a site elsewhere")
def test_a_site_on_a_host_behind_ssh_is_looked_after(remote: Site, first_up: Run) -> None:
    for said, (_, _, code, says) in zip(asked(remote), ASKED, strict=True):
        assert said.code == code, said.output
        assert re.search(says, said.output), said.output
    recovered = remote.recover()
    assert "Nothing to recover" in recovered.output, recovered.output


def test_what_is_typed_reaches_a_command_by_hand_over_ssh(remote: Site, first_up: Run) -> None:
    run = functools.partial(
        subprocess.run, cwd=remote.folder, env=remote.env, capture_output=True, text=True
    )
    shell = run(by_hand(remote, "shell"), input="echo $DJANGO_SETTINGS_MODULE; exit 7")
    assert (shell.stdout, shell.returncode) == ("deploy_runtime.settings\n", 7), shell.stderr
    asked = run(by_hand(remote, "dbshell"), input="select 6 * 7;\n")
    assert asked.returncode == 0, asked.stderr
    assert "42" in asked.stdout


def test_an_interrupt_ends_logs_that_are_followed_over_ssh(remote: Site, first_up: Run) -> None:
    words = ["python3", "-m", "components.operate.logs", remote.deployment, "--follow"]
    pipe = subprocess.PIPE
    # As on a terminal, where an interrupt reaches whatever was started there.
    with subprocess.Popen(
        words, cwd=remote.folder, env=remote.env, stdout=pipe, stderr=pipe, process_group=0
    ) as running:
        assert running.stderr
        assert running.stderr.readline()
        below = psutil.Process(running.pid).children(recursive=True)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert b"Traceback" not in said
    assert psutil.wait_procs(below, timeout=20)[1] == []


def test_config_says_where_the_host_is_whatever_the_docker_client_says(
    site: Site, remote: Site, first_up: Run, ssh_host: SshHost
) -> None:
    remote.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    before = backends(site)
    site.configure(host=ssh_host.address)
    there = remote.up()
    # The same daemon under another address: provider and steps are told, and nothing is replaced.
    assert set(there.changes()) <= {"updated", "unchanged"}, there.output
    assert backends(site) == before
    assert "Nothing to recover" in remote.recover().output
    assert set(remote.preview().changes()) == {"unchanged"}
    site.unset("host")
    assert set(site.up().changes()) <= {"updated", "unchanged"}
    assert backends(site) == before


def test_a_host_that_ssh_does_not_reach_is_named_with_what_mends_it(
    remote: Site, first_up: Run, ssh_host: SshHost
) -> None:
    ssh_host.is_known(False)
    unknown = [*asked(remote), remote.recover(), remote.preview()]
    ssh_host.is_known(True)
    remote.env["DOCKER_HOST"] = f"ssh://root@127.0.0.1:{free_port()}"
    refused = asked(remote)
    for said, mends in [
        *((one, "Host key verification failed(?s:.*)true` shows it and asks") for one in unknown),
        *((one, "Connection refused(?s:.*)nobody answers there") for one in refused),
    ]:
        assert said.code != 0
        assert re.search(mends, said.output), said.output
        assert "Traceback" not in said.output


def test_nothing_is_destroyed_while_a_command_by_hand_is_at_work(site: Site, first_up: Run) -> None:
    code = "print('begun', flush=True); input()"
    words, pipe = by_hand(site, "manage", "shell", "--no-imports", "-c", code), subprocess.PIPE
    with subprocess.Popen(
        words, cwd=site.folder, env=site.env, stdin=pipe, stdout=pipe, text=True
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "begun\n"
        refused = site.pulumi("destroy", "--yes", "-s", site.stack)
        assert refused.code != 0
        (name,) = (
            str(one.name)
            for one in docker.from_env().containers.list(filters=site.labelled("one-off"))
        )
        assert f"at work in {name}: nothing of {site.deployment} was removed" in refused.output
        assert f"`docker stop {name}`" in refused.output
        assert Browser(site.url).get("/")[0] == 200
        running.communicate("go on\n", timeout=60)
    assert running.returncode == 0
    assert set(site.preview().changes()) == {"unchanged"}


@pytest.mark.essential("destroy")
def test_data_and_sessions_survive_destroy_and_up(
    site: Site, first_up: Run, visitor: Browser, fault: BeginFault
) -> None:
    secret = site.secret("app.secretKey")
    site.destroy()
    labels = site.labelled()
    client = docker.from_env()
    assert site.containers() == []
    kept = sorted(str(volume.name) for volume in client.volumes.list(filters=labels))
    assert kept == [f"{site.deployment}-{role}" for role in ROLES]
    site.up()
    assert site.secret("app.secretKey") == secret
    assert visitor.is_logged_in()
    assert [result for _, result in site.steps()] == ["unchanged"] * 2
    assert account(site) == ("re-deployment", True)
    media = re.search(r'src="(/media/[^"]+)"', visitor.get("/lights/")[1])
    assert media
    fault("destroy, up").saw(
        f"kept: {', '.join(kept)}",
        f"same secret key: {site.secret('app.secretKey') == secret}",
        f"still logged in: {visitor.is_logged_in()}",
        f"a picture answers {visitor.get(media.group(1))[0]}",
    )
    assert visitor.get(media.group(1))[0] == 200


def test_secrets_that_a_state_has_lost_are_found_on_the_host(
    site: Site, first_up: Run, visitor: Browser
) -> None:
    secret = site.secret("app.secretKey")
    site.forget_generated_secrets()
    found = site.preview().changes()
    assert found.pop("to create") == 1
    assert set(found) == {"unchanged"}
    site.up()
    assert site.secret("app.secretKey") == secret
    assert visitor.is_logged_in()


def test_nothing_is_generated_anew_over_existing_data(site: Site, first_up: Run) -> None:
    with site.without_generated_secrets():
        run = site.up(check=False)
    assert run.code != 0
    assert "app.secretKey of stack clean-server can't be found, but its data exists" in run.output
    assert "Traceback" not in run.output
    assert Browser(site.url).get("/")[0] == 200


def test_another_secret_key_logs_nobody_out(site: Site, first_up: Run, visitor: Browser) -> None:
    # The last of the module: a key that is configured is no longer one that was generated.
    assert visitor.is_logged_in()
    site.configure_secret(app__secretKey="another-secret-key-of-at-least-32-characters")
    said = site.up()
    assert "app.secretKey" in said.output
    assert "nobody is logged out" in said.output
    assert visitor.is_logged_in(), "what the earlier key has signed is accepted, and signed anew"
    assert set(site.preview().changes()) == {"unchanged"}
