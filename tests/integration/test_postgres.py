"""A site on PostgreSQL through its life, its move to another engine, and a server elsewhere.

The tests of this module build on each other, in order, on one deployment; the last ones have a
server of their own, which is somebody else's to the second deployment.
"""

import contextlib
import re
import secrets
import sqlite3
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

from bench.visitor import wait_for_200
from tests.integration import cis
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.elsewhere import PASSWORD, Elsewhere, Pooler
from tests.integration.faults import Fault
from tests.integration.harness import Browser, Run, Site, visitors
from tests.integration.trials import Subject

VIEWS = "example/catalogue/views.py"
# What an update replaces.
CHANGED = ["account", "backend", "gate", "migration-check", "release", "releases", "traffic"]


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Iterator[Site]:
    site = make_site("postgres")
    site.configure(database__engine="postgres", database__extensions=["hstore"])
    yield site
    # What a move sets aside has no mark, by which the rest is found.
    with contextlib.suppress(docker.errors.NotFound):
        docker.from_env().volumes.get(set_aside(site)).remove(force=True)


@pytest.fixture(scope="module")
def first_up(site: Site) -> Run:
    return site.up()


@pytest.fixture(scope="module")
def visitor(site: Site, first_up: Run) -> Browser:
    """An administrator who logged in once, right after the first up."""
    browser = Browser(site.url)
    assert browser.log_in("admin", site.secret("admin.password"))
    return browser


def server(site: Site) -> Container:
    """The deployment's one database server."""
    (found,) = site.containers("postgres")
    return found


def volumes(site: Site) -> list[str]:
    found = docker.from_env().volumes.list(filters=site.labelled())
    return sorted(str(v.name).removeprefix(site.deployment) for v in found)


def set_aside(site: Site) -> str:
    """The volume that a move leaves behind."""
    return f"{site.deployment}-postgres-before"


def results(site: Site) -> set[str]:
    return site.results()


def test_a_clean_server_becomes_a_seeded_site(site: Site, first_up: Run) -> None:
    assert "Skarn Tooth" in Browser(site.url).get("/")[1]
    assert results(site) == {"created"}


def test_the_edge_does_not_reach_the_server(site: Site, first_up: Run) -> None:
    client = docker.from_env()
    edge = client.containers.get(site.outputs()["containers"]["edge"])
    code = "import socket, sys; socket.create_connection((sys.argv[1], 5432), timeout=2)"
    networks = server(site).attrs["NetworkSettings"]["Networks"]
    for address in (str(server(site).name), *(n["IPAddress"] for n in networks.values())):
        # The backend does: it is there.
        backend = client.containers.get(site.outputs()["containers"]["backend"])
        assert backend.exec_run(["python", "-c", code, address]).exit_code == 0
        assert edge.exec_run(["python3", "-c", code, address]).exit_code != 0
    made = server(site)
    assert made.name == f"{site.deployment}-postgres"
    tables = "SELECT count(*) FROM django_migrations"
    said: Any = made.exec_run(["psql", "-U", "app", "-d", "app", "-tAc", tables]).output
    assert int(said) == int(site.outputs()["seeding"].split()[0])


def test_the_server_is_on_a_network_alone_that_leads_nowhere_else(
    site: Site, first_up: Run
) -> None:
    attrs = server(site).attrs
    assert list(attrs["NetworkSettings"]["Networks"]) == [f"{site.deployment}-database"]
    assert not attrs["HostConfig"]["PortBindings"]
    network = docker.from_env().networks.get(f"{site.deployment}-database")
    assert network.attrs["Internal"] is True


def test_containers_are_denied_what_the_page_says(site: Site, first_up: Run) -> None:
    """Each row of docs/hardening.md that Docker's description of a container shows."""
    inspected = {
        str(one.labels["django-on-docker.role"]): one.attrs
        for one in docker.from_env().containers.list(filters=site.labelled())
    }
    assert set(inspected) == {"backend", "edge", "postgres"}
    found = {role: cis.unmet(attrs) for role, attrs in inspected.items()}
    assert found == {
        "backend": {"5.11", "5.12", "5.15"},
        "edge": {"5.11", "5.12", "5.15", "5.27"},
        "postgres": {"5.11", "5.12", "5.15"},
    }
    kept = {role: attrs["HostConfig"]["CapAdd"] or [] for role, attrs in inspected.items()}
    assert kept["backend"] == kept["edge"] == []
    become = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
    assert sorted(kept["postgres"]) == [f"CAP_{name}" for name in become]


def test_the_image_that_serves_has_no_program_that_gives_rights(site: Site, first_up: Run) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    words = "find / -xdev -type f -perm /6000; command -v cc gcc make; ls /var/cache/apt/*.bin"
    assert backend.exec_run(["sh", "-c", f"{{ {words}; }} 2> /dev/null"]).output == b""
    tried = backend.exec_run(["python", "-c", "open('/app/x', 'w')"])
    assert b"Read-only file system: '/app/x'" in tried.output
    inside = "test ! -e /var/run/docker.sock && touch /tmp/x /srv/media/.x && rm /srv/media/.x"
    assert backend.exec_run(["sh", "-c", inside]).exit_code == 0


def test_it_lets_nobody_in_without_the_password(site: Site, first_up: Run) -> None:
    for host in (site.deployment + "-postgres", "127.0.0.1"):
        words = ["psql", "--no-password", "-h", host, "-U", "app", "-d", "app", "-c", "SELECT 1"]
        assert b"no password supplied" in server(site).exec_run(words).output


def test_the_application_owns_its_database_and_nothing_more(
    site: Site, first_up: Run, record_property: Any
) -> None:
    made, password = server(site), site.secret("database.password")

    def said(user: str, statement: str, host: str = "/var/run/postgresql") -> str:
        words = ["psql", "--no-password", "-h", host, "-U", user, "-d", "app", "-tAc", statement]
        done: Any = made.exec_run(words, environment={"PGPASSWORD": password})
        return str(done.output.decode().strip())

    refused = {
        "COPY (SELECT 1) TO PROGRAM 'id'": "permission denied to COPY to or from an external",
        "SELECT pg_read_file('/etc/passwd')": "permission denied for function",
        "CREATE ROLE other": "permission denied to create role",
        "CREATE DATABASE other": "permission denied to create database",
        "ALTER ROLE app SUPERUSER": "permission denied to alter role",
    }
    answers = {statement: said("app", statement) for statement in refused}
    record_property("refused", len(answers))
    assert all(why in answers[statement] for statement, why in refused.items()), answers
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert said("app", owner) == "app"
    assert said("app", "SELECT extname FROM pg_extension WHERE extname = 'hstore'") == "hstore"
    # The superuser gets in where `docker exec` does, and over no network.
    assert said("postgres", "SELECT current_user") == "postgres"
    for host in (f"{site.deployment}-postgres", "127.0.0.1"):
        assert "password authentication failed" in said("postgres", "SELECT 1", host)


def test_no_secret_is_shown(site: Site, first_up: Run) -> None:
    password = site.secret("database.password")
    assert len(password) >= 20
    shown = first_up.output + str(site.outputs())
    for container in site.containers():
        shown += str(container.attrs) + container.logs().decode()
    for file in (site.folder / "state").rglob("*.json"):
        shown += file.read_text()
    shown += (site.folder / "stacks/Pulumi.clean-server.yaml").read_text()
    assert password not in shown
    assert "DATABASE_URL" not in str(server(site).attrs)


def test_nothing_changed_means_nothing_happens(site: Site, first_up: Run) -> None:
    run = site.pulumi("up", "--yes", "--refresh", "-s", site.stack, check=True)
    assert set(run.changes()) == {"unchanged"}, run.output


def test_an_update_leaves_the_server_alone(site: Site, first_up: Run, visitor: Browser) -> None:
    before = server(site).attrs["State"]["StartedAt"]
    with (site.folder / VIEWS).open("a") as stream:
        stream.write("\n# a change\n")
    run = site.up()
    changed = re.findall(rf"{site.deployment}-(\S+) (?:replac|updat)", run.output)
    assert sorted(set(changed)) == CHANGED
    assert server(site).attrs["State"]["StartedAt"] == before
    assert visitor.is_logged_in()


def test_settings_take_a_restart_only_where_the_server_says_so(
    site: Site, visitor: Browser, fault: BeginFault
) -> None:
    def said(name: str) -> str:
        words = ["psql", "--no-psqlrc", "-U", "app", "-d", "app", "-tAc", f"SHOW {name}"]
        done: Any = server(site).exec_run(words)
        return str(done.output.decode().strip())

    def started() -> tuple[str, str]:
        return str(server(site).id), str(server(site).attrs["State"]["StartedAt"])

    before = started()
    site.configure(database__settings={"work_mem": "16MB"})
    assert "database.settings" not in site.preview().output
    with visitors(site.url) as statuses:
        site.up()
    assert set(statuses) == {200}
    assert (said("work_mem"), started()) == ("16MB", before)
    site.configure(database__settings={"max_connections": 150})
    gap = "while the database server is restarted for database.settings (max_connections)"
    assert gap in site.preview().output
    run = site.up()
    assert "is started anew for max_connections" in run.output
    assert (said("work_mem"), said("max_connections")) == ("16MB", "150")
    container, at = started()
    assert container == before[0], "nothing was replaced"
    assert at != before[1]
    site.configure(database__settings={"shared_buffers": "4000GB"})
    run = site.up(check=False)
    fault("settings that can't be").saw(
        f"exit code {run.code}",
        f"the server's start is the one before: {started() == (container, at)}",
        f"the site answers {Browser(site.url).get('/')[0]}",
    )
    assert run.code != 0
    assert "database.settings can't be taken: FATAL:  could not map" in run.output
    assert started() == (container, at)
    assert visitor.is_logged_in()
    site.unset("database.settings")
    site.up()
    assert (said("work_mem"), said("max_connections")) == ("4MB", "100")
    assert server(site).id == container
    assert set(site.up().changes()) == {"unchanged"}


def test_a_server_that_is_killed_recovers(site: Site, visitor: Browser) -> None:
    # As the kernel would kill it: `docker kill` counts as a wish to have it stopped.
    pid = str(server(site).attrs["State"]["Pid"])
    image = server(site).attrs["Image"]
    docker.from_env().containers.run(
        image, ["-9", pid], entrypoint="kill", pid_mode="host", cap_add=["KILL"], remove=True
    )
    eventually(visitor.is_logged_in, 30)
    assert server(site).attrs["RestartCount"] == 1
    log = server(site).logs().decode()
    assert "was not properly shut down; automatic recovery in progress" in log


def test_a_server_that_was_stopped_by_hand_is_waited_for_and_comes_back(
    site: Site, visitor: Browser
) -> None:
    server(site).kill("SIGKILL")
    (backend,) = docker.from_env().containers.list(filters=site.labelled("backend"))
    # As after a reboot, when containers start in any order.
    backend.restart(timeout=2)
    run = site.up()
    assert f"container {site.deployment}-postgres was stopped" in run.output
    # Its settings are given once more, where config has named any.
    settings = f"{site.deployment}-postgres-settings" in run.output
    assert run.changes()["replaced"] == 2 + settings, "the server and its gate"
    eventually(visitor.is_logged_in, 30)
    backend.reload()
    assert backend.attrs["RestartCount"] == 0


def test_a_backup_by_hand_is_restored(site: Site, visitor: Browser) -> None:
    name = f"{site.deployment}-postgres"
    follow(site, f"docker exec {name} pg_dump -U app -Fc app > site.dump")
    follow(site, f"docker exec {name} psql -U app -d app -c 'DROP TABLE django_session'")
    (backend,) = docker.from_env().containers.list(filters=site.labelled("backend"))
    restore = "pg_restore -U postgres -d app --clean --if-exists --single-transaction"
    follow(site, f"docker stop {backend.name}")
    follow(site, f"docker exec -i {name} {restore} < site.dump")
    follow(site, f"docker start {backend.name}")
    wait_for_200(site.url)
    assert visitor.is_logged_in()


@pytest.mark.essential("one server")
def test_two_servers_never_open_one_data_directory(
    site: Site, visitor: Browser, fault: BeginFault
) -> None:
    image = server(site).attrs["Config"]["Image"]
    inputs = server(site).attrs["Config"]
    second = docker.from_env().containers.create(
        image,
        inputs["Cmd"],
        entrypoint=inputs["Entrypoint"],
        environment=inputs["Env"],
        volumes={f"{site.deployment}-postgres": {"bind": "/var/lib/postgresql/data"}},
    )
    try:
        second.start()
        code, said = second.wait(timeout=20)["StatusCode"], second.logs().decode()
        fault("two servers").saw(
            f"the second exits with code {code}",
            said,
            f"still logged in on the first: {visitor.is_logged_in()}",
        )
        assert code == 75
        assert "another server has this data directory open" in said
        assert visitor.is_logged_in()
    finally:
        second.remove(force=True)


def test_data_and_sessions_survive_destroy_and_up(site: Site, visitor: Browser) -> None:
    password = site.secret("database.password")
    site.destroy()
    assert site.containers() == []
    assert {"-media", "-postgres"} <= set(volumes(site))
    site.up()
    log = server(site).logs().decode()
    assert "not properly shut down" not in log, "it was stopped gracefully"
    assert site.secret("database.password") == password
    assert visitor.is_logged_in()
    assert results(site) == {"unchanged"}


def test_no_password_is_generated_anew_over_existing_data(site: Site) -> None:
    with site.without_generated_secrets():
        run = site.preview()
    assert run.code != 0
    assert "database.password of stack clean-server can't be found, but its data" in run.output


def test_another_password_is_an_update_like_any_other(site: Site, visitor: Browser) -> None:
    def said(statement: str) -> str:
        words = ["psql", "--no-psqlrc", "-U", "postgres", "-d", "app", "-tAc", statement]
        done: Any = server(site).exec_run(words)
        return str(done.output.decode().strip())

    config = site.folder / "stacks/Pulumi.clean-server.yaml"
    good, before = config.read_text(), server(site).attrs["State"]["StartedAt"]
    ends = "SELECT rolvaliduntil < now() + interval '3 minutes' FROM pg_roles WHERE rolname = '{}'"
    came = "SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_start > '{}'"
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    # To the role that it is the turn of, and back again.
    for role, left in (("app_2", "app"), ("app", "app_2")):
        config.write_text(good)
        site.configure_secret(database__password=secrets.token_urlsafe(18))
        began = said("SELECT now()")
        with visitors(site.url) as statuses:
            run = site.up()
        assert set(statuses) == {200}
        assert site.config("database.password") not in run.output
        assert visitor.is_logged_in()
        assert role in said(came.format(began)).split()
        assert said(ends.format(left)) == "t", "it is let in no longer than its last requests take"
        assert said(ends.format(role)) == "f"
        assert said(owners) == "app"
        assert set(site.preview().changes()) == {"unchanged"}
    # The generated one comes back, as soon as config says nothing else.
    config.write_text(good)
    site.up()
    assert visitor.is_logged_in()
    assert server(site).attrs["State"]["StartedAt"] == before


def test_a_user_that_the_data_does_not_know_stops_the_update(
    site: Site, visitor: Browser, fault: BeginFault
) -> None:
    config = site.folder / "stacks/Pulumi.clean-server.yaml"
    good = config.read_text()
    wrong = site.secret("database.password")
    site.configure(database__user="nobody")
    started = time.monotonic()
    run = site.up(check=False)
    config.write_text(good)
    status = Browser(site.url).get("/")[0]
    remedy = re.search(r"What to do: [^:]*", run.output)
    fault("database refuses").saw(
        f"a server of its own: exit code {run.code} after {time.monotonic() - started:.0f} s",
        remedy.group() if remedy else "no remedy",
        f"password printed: {wrong in run.output}",
        f"the site answers {status}",
    )
    assert run.code != 0
    assert "password authentication failed" in run.output
    assert "What to do: the data was made with another password" in run.output
    assert wrong not in run.output
    assert status == 200
    site.up()
    assert visitor.is_logged_in()


def test_another_engine_is_refused_with_the_commands_that_move_the_data(
    site: Site, visitor: Browser
) -> None:
    site.configure(database__engine="sqlite")
    assert (
        "database.extensions names extensions, but database.engine is sqlite"
        in site.preview().output
    )
    site.unset("database.extensions")
    run = site.preview()
    assert run.code != 0
    assert "Traceback" not in run.output
    assert f"is on PostgreSQL, in volume {site.deployment}-postgres" in run.output
    assert "`pulumi config set --path database.engine postgres -s " in run.output
    commands = re.findall(r"^ +`(.+)`$", run.output, flags=re.MULTILINE)
    assert len(commands) == 11, run.output
    for text in commands:
        follow(site, text)
    assert {"-data", "-media"} <= set(volumes(site))
    assert "-postgres" not in volumes(site)
    assert "Skarn Tooth" in Browser(site.url).get("/")[1]
    assert visitor.is_logged_in(), "sessions came along, and so did those whom they belong to"
    assert set(site.up().changes()) == {"unchanged"}


def test_a_copy_of_the_file_is_whole(site: Site, visitor: Browser) -> None:
    backend = site.outputs()["containers"]["backend"]
    copy = 'c = sqlite3.connect; c("/srv/data/db.sqlite3").backup(c("/tmp/copy"))'
    follow(site, f"docker exec {backend} python -c 'import sqlite3; {copy}'")
    follow(site, f"docker exec {backend} cat /tmp/copy > site.sqlite3")
    with sqlite3.connect(site.folder / "site.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_it_is_put_back_as_documented(site: Site, visitor: Browser) -> None:
    backend = site.outputs()["containers"]["backend"]
    forget = "from catalogue.models import Page; Page.objects.all().delete()"
    follow(site, f"docker exec {backend} python -m django shell -c '{forget}'")
    assert "Skarn Tooth" not in Browser(site.url).get("/")[1]
    page = (Path(__file__).parents[2] / "docs/databases.md").read_text()
    _, _, text = page.partition("To restore it, with replicas")
    commands = text.split("```")[1].strip().splitlines()
    assert len(commands) == 4
    for command in commands:
        follow(site, command.replace("BACKEND", backend))
    eventually(visitor.is_logged_in, 30)
    assert "Skarn Tooth" in Browser(site.url).get("/")[1]
    assert set(site.preview().changes()) == {"unchanged"}


def test_a_data_directory_that_was_there_before_is_served(
    make_site: MakeSite, site: Site, visitor: Browser
) -> None:
    volume = set_aside(site)
    heir = make_site("heir", stack="update")
    heir.configure(
        database__engine="postgres",
        database__volume=f"{site.deployment}-media",
        media__volume=volume,
    )
    for key in ("database.password", "app.secretKey"):
        heir.configure_secret(**{key: site.secret(key)})
    assert "which holds no data directory of postgres" in heir.preview().output
    # The site's own uploads are in use: it serves.
    uploads = docker.from_env().volumes.create(f"{heir.deployment}-uploads")
    heir.configure(database__volume=volume, media__volume=uploads.name)
    heir.up()
    try:
        visitor.url = heir.url
        assert visitor.is_logged_in(), "the same key, and the same sessions"
    finally:
        visitor.url = site.url
    heir.destroy()
    uploads.remove()
    kept = docker.from_env().volumes.get(volume)
    assert not kept.attrs["Labels"], "referenced, never marked"


def follow(site: Site, text: str) -> None:
    """Run a command as a person would who has selected the stack."""
    text = re.sub(r"^(pulumi \w+(?: set)?)", rf"\1 -s {site.stack}", text)
    done = subprocess.run(
        ["sh", "-c", text], cwd=site.folder, env=site.env, text=True, capture_output=True
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def eventually(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def elsewhere(
    site: Site, first_up: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Elsewhere]:
    """A server of somebody else's, which this machine's containers reach by its address."""
    (image,) = docker.from_env().images.list(name=f"{site.deployment}-postgres")
    server = Elsewhere(image, tmp_path_factory.mktemp("elsewhere"))
    yield server
    server.remove()


@pytest.fixture(scope="module")
def guest(make_site: MakeSite) -> Site:
    site = make_site("external")
    site.configure(database__engine="external", database__timeout=3)
    return site


@pytest.fixture(scope="module")
def vouched(guest: Site, elsewhere: Elsewhere) -> Site:
    """It knows who vouches for the server."""
    guest.configure(database__ca=elsewhere.ca)
    return guest


def refused(guest: Site, fault: Fault) -> Run:
    started = time.monotonic()
    run = guest.up(check=False)
    error = re.search(r"error: the PostgreSQL database.*", run.output)
    steps = re.findall(r"^.*\[\d+/10\]", run.output, flags=re.MULTILINE)
    fault.saw(
        f"a server elsewhere: exit code {run.code} after {time.monotonic() - started:.0f} s",
        error.group() if error else "no error that names it",
        f"steps run: {len(steps)}",
        f"password printed: {PASSWORD in run.output}",
    )
    assert run.code != 0, run.output
    assert time.monotonic() - started < 90
    assert "seed_roles" not in run.output.partition("error:")[0].partition("[1/10]")[2]
    assert "[1/10]" not in run.output, "nothing was seeded"
    return run


def test_a_url_in_plain_text_is_refused(guest: Site, elsewhere: Elsewhere) -> None:
    guest.configure(database__url=elsewhere.url())
    run = guest.preview()
    assert (
        "database.url is in plain text: use `pulumi config set --secret --path database.url"
        in run.output
    )
    assert PASSWORD not in run.output


def test_a_server_without_tls_is_refused_unless_the_url_says_so(
    guest: Site, elsewhere: Elsewhere, fault: BeginFault
) -> None:
    elsewhere.configure(ssl="off")
    guest.configure_secret(database__url=elsewhere.url())
    try:
        run = refused(guest, fault("no verified TLS"))
    finally:
        elsewhere.configure(ssl="on")
    assert "speaks no TLS, by which its certificate is verified unless database.url" in run.output
    assert "let database.url end with ?sslmode=disable" in run.output


@pytest.mark.essential("verified")
def test_a_server_that_nobody_vouches_for_is_refused_before_it_gets_the_password(
    guest: Site, elsewhere: Elsewhere, fault: BeginFault
) -> None:
    elsewhere.configure(log_connections="on")
    guest.configure_secret(database__url=elsewhere.url())
    run = refused(guest, fault("no verified TLS"))
    assert "that no authority known here has signed" in run.output
    assert "`pulumi config set --path database.ca -s STACK < ca.pem`" in run.output
    log = elsewhere.container.logs().decode().splitlines()
    assert any("connection received: host=1" in line for line in log)
    came = [line for line in log if "connection authorized" in line]
    assert not [line for line in came if "application_name=psql" not in line]
    guest.configure(database__ca=elsewhere.ca)
    elsewhere.be_known_as("db.example.org")
    try:
        run = refused(guest, fault("no verified TLS"))
    finally:
        elsewhere.be_known_as(elsewhere.host)
    assert "made out to another name than the host in database.url" in run.output


@pytest.mark.essential("external")
def test_a_server_that_refuses_the_password(
    vouched: Site, elsewhere: Elsewhere, fault: BeginFault
) -> None:
    wrong = secrets.token_urlsafe(18)
    vouched.configure_secret(database__url=elsewhere.url(wrong))
    run = refused(vouched, fault("database refuses"))
    assert "refuses the user 'owner' or the password" in run.output, run.output
    assert wrong not in run.output


def test_a_server_that_is_down(guest: Site, elsewhere: Elsewhere, fault: BeginFault) -> None:
    guest.configure_secret(database__url=elsewhere.url())
    elsewhere.container.pause()
    try:
        run = refused(guest, fault("database down"))
    finally:
        elsewhere.container.unpause()
    assert "does not answer after" in run.output
    assert "(database.url)" in run.output
    assert PASSWORD not in run.output


PATIENCE = 12  # seconds: more than one attempt to reach a server takes


def _unpause(server: Container, guest: Site) -> None:
    """Let a server answer once it has kept who asked it waiting."""
    deadline = time.monotonic() + 60
    running, asks = docker.from_env().containers, guest.labelled("migration-check")
    while time.monotonic() < deadline and not running.list(filters=asks, ignore_removed=True):
        time.sleep(0.2)
    time.sleep(PATIENCE)
    server.unpause()


def test_a_server_that_is_slow_to_come_up(
    guest: Site, elsewhere: Elsewhere, fault: BeginFault
) -> None:
    guest.configure(database__timeout=60)
    elsewhere.container.pause()
    later = threading.Thread(target=_unpause, args=(elsewhere.container, guest))
    later.start()
    run = guest.up(check=False)
    later.join()
    assert run.code == 0, run.output
    waited = re.search(r"waiting for the database, [^:]*", run.output)
    fault("database slow").saw(
        f"answers {PATIENCE} s after it was asked first",
        waited.group() if waited else "not waited",
        f"exit code {run.code}",
        f"steps: {len(guest.steps())} {', '.join(results(guest))}",
    )
    assert waited
    assert results(guest) == {"created"}
    assert "Skarn Tooth" in Browser(guest.url).get("/")[1]
    assert elsewhere.encrypted() == {"t"}
    shown = run.output + str(guest.outputs())
    for container in guest.containers():
        shown += str(container.attrs) + container.logs().decode()
    for file in (guest.folder / "state").rglob("*.json"):
        shown += file.read_text()
    assert PASSWORD not in shown
    assert docker.from_env().volumes.list(filters=guest.labelled("data")) == []
    assert set(guest.up().changes()) == {"unchanged"}


def test_an_address_that_was_refused_is_not_what_a_restart_reads(
    guest: Site, elsewhere: Elsewhere
) -> None:
    guest.configure_secret(database__url=elsewhere.url(secrets.token_urlsafe(18)))
    run = guest.up(check=False)
    assert run.code != 0
    assert "refuses the user 'owner' or the password" in run.output
    (backend,) = docker.from_env().containers.list(filters=guest.labelled("backend"))
    backend.restart()
    eventually(lambda: Browser(guest.url).get("/health/")[0] == 200, 60)
    guest.configure_secret(database__url=elsewhere.url())
    guest.up()
    assert guest.outputs()["ledger"]["agrees"]
    assert len(docker.from_env().volumes.list(filters=guest.labelled("secrets"))) == 1
    assert set(guest.up().changes()) == {"unchanged"}


def test_a_server_elsewhere_is_copied_before_it_is_migrated_and_put_back(
    guest: Site, elsewhere: Elsewhere
) -> None:
    Subject(site=guest).add_column()
    run = guest.up()
    copy = guest.outputs()["backup"]["id"]
    names = "SELECT name FROM catalogue_category ORDER BY name"
    before = elsewhere.queried(names)
    elsewhere.queried("UPDATE catalogue_category SET name = name || ' later'")
    assert elsewhere.queried(names) != before
    done = guest.restore(copy)
    assert done.code == 0, done.output
    assert elsewhere.queried(names) == before
    assert "add_trial_4" in elsewhere.queried("SELECT name FROM django_migrations"), "applied again"
    assert "Skarn Tooth" in Browser(guest.url).get("/")[1]
    assert PASSWORD not in run.output + done.output


@pytest.fixture(scope="module")
def pooler(elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooler]:
    """Who lends the connections of that server."""
    made = Pooler(elsewhere, tmp_path_factory.mktemp("pooler"))
    yield made
    made.remove()


def test_a_pooler_is_named_before_anything_is_changed_and_gone_past_where_it_has_to_be(
    guest: Site, elsewhere: Elsewhere, pooler: Pooler
) -> None:
    guest.configure_secret(database__url=pooler.url())
    before = guest.outputs()["containers"]["backend"]
    Subject(site=guest).add_column()
    run = guest.up(check=False)
    assert run.code != 0
    assert "database.url leads to a pooler that lends a connection for a transaction" in run.output
    assert "`pulumi config set --secret --path database.directUrl -s STACK`" in run.output
    assert guest.outputs()["containers"]["backend"] == before
    assert Browser(guest.url).get("/health/")[0] == 200
    guest.configure_secret(database__directUrl=elsewhere.url())
    logins = pooler.log().count("login attempt")
    run = guest.up()
    assert "backup: " in run.output
    last = "SELECT name FROM django_migrations ORDER BY id DESC LIMIT 1"
    assert "add_trial" in elsewhere.queried(last)
    assert "Skarn Tooth" in Browser(guest.url).get("/")[1]
    assert pooler.log().count("login attempt") > logins, "what serves goes by it"
    assert elsewhere.queried("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0\n"
    assert _asked(guest) == ["True", "True"]
    assert PASSWORD not in run.output
    assert set(guest.up().changes()) == {"unchanged"}


def test_a_pooler_that_lends_by_the_session_is_as_good_as_the_server(
    guest: Site, pooler: Pooler
) -> None:
    pooler.lend("session")
    assert _asked(guest) == ["False", "True"]


def _asked(guest: Site) -> list[str]:
    """Whether what serves shares its sessions, and whether its cursors stay in a transaction."""
    code = (
        "from django.db import connection as c; from deploy_runtime.pooler import is_shared; "
        "print(is_shared(c), c.settings_dict['DISABLE_SERVER_SIDE_CURSORS'])"
    )
    backend = docker.from_env().containers.get(guest.outputs()["containers"]["backend"])
    done: Any = backend.exec_run(["python", "-m", "django", "shell", "-c", code])
    assert done.exit_code == 0, done.output
    return str(done.output.decode()).splitlines()[-1].split()
