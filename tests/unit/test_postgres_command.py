"""The database server's gate: waits, or says why waiting is of no use."""

from typing import Any

import pytest

from components.data import login_step, postgres_network_step, postgres_step
from components.data.postgres_roles import Server
from components.remedies import CAUSES
from tests.unit.command import Command
from tests.unit.fake_clock import FakeClock
from tests.unit.fake_docker import FakeDocker

INSPECT = "container inspect shop-postgres"
ASK = "exec shop-postgres sh -c"
SET_UP = "exec --interactive shop-postgres sh -c"
EXTEND = "exec --interactive --user postgres shop-postgres sh -c"
LET_IN = "exec --interactive --user root shop-postgres sh -c"
SERVER = Server(container="shop-postgres", user="app", login="app", name="site")
STARTING = "psql: error: FATAL:  the database system is starting up\n"


def state(status: str = "running", *, restarts: int = 0, code: int = 0) -> list[dict[str, Any]]:
    return [{"RestartCount": restarts, "State": {"Status": status, "ExitCode": code}}]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, command: Command) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(postgres_step, "time", fake)
    command.environ(CONTAINER="shop-postgres", TIMEOUT="60", EXTENSIONS="[]")
    command.environ(DATABASE_USER="app", DATABASE_NAME="site")
    command.environ(PROCESSES="4096")
    return fake


def test_a_server_that_answers_is_enough(cli: FakeDocker, clock: FakeClock) -> None:
    cli.on(INSPECT, out=state())
    cli.on(ASK, code=2, err=STARTING).on(ASK, code=2, err=STARTING).on(ASK, out="1\n")
    postgres_step.main()
    assert clock.now - 1000 == pytest.approx(2 * postgres_step.INTERVAL)


def test_it_asks_as_the_application_does(cli: FakeDocker) -> None:
    cli.on(ASK, out="1\n")
    assert SERVER.ask() == (True, "1")
    (call,) = cli.calls
    # By name and with the password, which is read inside and is on no command line.
    assert call.endswith(" shop-postgres app site 'SELECT 1'")
    assert '-h "$0" -U "$1" -d "$2"' in call
    assert 'PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"' in call


def test_a_new_server_gets_the_user_and_the_database(cli: FakeDocker) -> None:
    refused = 'FATAL:  password authentication failed for user "app"'
    cli.on(INSPECT, out=state()).on(ASK, code=2, err=refused).on(ASK, out="1\n")
    cli.on(SET_UP, out="made\n")
    postgres_step.main()
    (made,) = [call for call in cli.calls if call.startswith(SET_UP)]
    # By the superuser over the local socket, which needs no password.
    assert made.endswith(" postgres app site postgres")
    assert " -h " not in made


def test_a_server_that_refuses_after_that_is_not_set_up_again(
    cli: FakeDocker, command: Command
) -> None:
    cli.on(INSPECT, out=state()).on(ASK, code=2, err="password authentication failed")
    cli.on(SET_UP, out="made\n")
    assert "password authentication failed" in command.fails(postgres_step.main)
    assert len([call for call in cli.calls if call.startswith(SET_UP)]) == 1


def test_the_role_whose_turn_it_is_gets_its_password(cli: FakeDocker, command: Command) -> None:
    command.environ(DATABASE_LOGIN="app_2")
    refused = 'FATAL:  password authentication failed for user "app_2"'
    cli.on(INSPECT, out=state()).on(ASK, code=2, err=refused).on(ASK, out="1\n")
    cli.on(SET_UP, out="").on(LET_IN, out="made\n")
    postgres_step.main()
    asked = [call for call in cli.calls if call.startswith(ASK)]
    assert all(" shop-postgres app_2 site " in call for call in asked)
    (let_in,) = [call for call in cli.calls if call.startswith(LET_IN)]
    assert let_in.endswith(" postgres app_2 site postgres")


def test_what_another_role_of_theirs_is_let_in_with_is_not_this_programs_to_say(
    cli: FakeDocker, command: Command
) -> None:
    refused = 'FATAL:  password authentication failed for user "app"'
    cli.on(INSPECT, out=state()).on(ASK, code=2, err=refused)
    cli.on(SET_UP, out="").on(LET_IN, out="")
    assert "made with another password" in command.fails(postgres_step.main)


def test_the_role_that_it_is_not_the_turn_of_is_left_a_while(
    cli: FakeDocker, command: Command
) -> None:
    command.environ(DATABASE_LOGIN="app_2", SECONDS="70")
    cli.on(EXTEND)
    login_step.main()
    (left,) = cli.calls
    assert left.endswith(" postgres app site postgres")


def test_what_could_not_be_ended_is_said(cli: FakeDocker, command: Command) -> None:
    command.environ(DATABASE_LOGIN="app", SECONDS="70")
    cli.on(EXTEND, code=1, err="ERROR:  out of memory")
    assert "earlier password of app_2 could not be ended: ERROR:" in command.fails(login_step.main)


def test_extensions_are_made_by_the_superuser(cli: FakeDocker, command: Command) -> None:
    command.environ(EXTENSIONS='["hstore", "uuid-ossp"]')
    cli.on(INSPECT, out=state()).on(ASK, out="1\n").on(ASK, out=["plpgsql", "hstore"])
    cli.on(ASK, out="f\n").on(EXTEND)
    postgres_step.main()
    (made,) = [call for call in cli.calls if call.startswith(EXTEND)]
    assert made.endswith(" postgres app site site")


def test_where_the_user_itself_is_the_superuser_it_makes_them(cli: FakeDocker) -> None:
    cli.on(ASK, out=["plpgsql"])
    cli.on(EXTEND, code=2, err='FATAL:  role "postgres" does not exist').on(EXTEND)
    assert SERVER.add_extensions(["hstore"]) == ""
    assert cli.calls[-1].endswith(" app app site site")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('ERROR:  extension "pos" is not available', "It has: hstore, pg_trgm"),
        ('ERROR:  could not open extension control file "/usr/pos.control"', "It has: hstore"),
        ("ERROR:  permission denied to create extension", "make it as a superuser of the server"),
    ],
)
def test_an_extension_that_cannot_be_made_ends_it(
    cli: FakeDocker, command: Command, said: str, says: str
) -> None:
    command.environ(EXTENSIONS='["pos"]')
    cli.on(INSPECT, out=state()).on(ASK, out="1\n").on(ASK, out=["plpgsql"])
    cli.on(ASK, out="hstore, pg_trgm\n").on(EXTEND, code=3, err=said)
    text = command.fails(postgres_step.main)
    assert f"the extension pos can't be made: {said}" in text
    assert "What to do: database.extensions names pos" in text
    assert says in text


@pytest.mark.parametrize(("answer", "warned"), [("t\n", True), ("f\n", False)])
def test_a_user_that_is_a_superuser_is_warned_of(
    cli: FakeDocker, command: Command, answer: str, warned: bool
) -> None:
    cli.on(INSPECT, out=state()).on(ASK, out="1\n").on(ASK, out=answer)
    said = command.says(postgres_step.main)
    assert ("app (database.user) is a superuser of its server" in said) == warned


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('FATAL:  password authentication failed for user "app"', "made with another password"),
        (
            'FATAL:  database "app" does not exist',
            "`pulumi config set --path database.name NAME -s",
        ),
        ('FATAL:  role "app" does not exist', "`pulumi config set --path database.name NAME -s"),
        ('FATAL:  no pg_hba.conf entry for host "172.18.0.3"', "`host all all all scram-sha-256`"),
    ],
)
def test_what_waiting_does_not_mend_fails_at_once(
    cli: FakeDocker, command: Command, clock: FakeClock, said: str, says: str
) -> None:
    cli.on(INSPECT, out=state()).on(ASK, code=2, err=f"psql: error: {said}\n")
    text = command.fails(postgres_step.main)
    assert clock.now == 1000
    assert f"shop-postgres does not let the application in: psql: error: {said}" in text
    assert "What to do: " in text
    assert says in text
    assert "Nothing was migrated or seeded." in text


def test_a_server_is_left_as_it_is(cli: FakeDocker, command: Command) -> None:
    # What is serving may be using it.
    cli.on(INSPECT, out=state()).on(ASK, code=2, err="password authentication failed")
    cli.on(SET_UP)
    command.fails(postgres_step.main)
    # Beside what is looked at, its processes are limited.
    looked = {"container", "exec", "events"}
    assert {call.split()[0] for call in cli.calls} == {*looked, "update"}


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (state("exited", code=75), "it exited with code 75"),
        (state("restarting", restarts=4, code=75), "it exited with code 75"),
        # By now it runs again, and its exit code is forgotten.
        (state(restarts=4), "it ended and was restarted"),
    ],
)
def test_a_server_that_ends_is_not_waited_for(
    cli: FakeDocker, command: Command, clock: FakeClock, then: list[dict[str, Any]], says: str
) -> None:
    cli.on(INSPECT, out=state(restarts=3)).on(INSPECT, out=state(restarts=3)).on(INSPECT, out=then)
    cli.on(ASK, code=1, err="no such container")
    cli.on("logs", err="another server has this data directory open; two on one directory\n")
    text = command.fails(postgres_step.main)
    assert says in text
    assert "What to do: stop that server" in text
    assert text.rstrip().endswith("two on one directory")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "DETAIL:  The data directory was initialized by PostgreSQL version 15, which is not",
            "`pulumi config set --path database.image postgres:15 -s STACK`",
        ),
        ("holds files, but no PostgreSQL data directory: nothing is", "set database.volume to"),
        ("FATAL:  could not write lock file: No space left on device", "make room"),
        ("something that nobody has seen yet", ""),
    ],
)
def test_its_last_lines_tell_what_to_do(line: str, says: str) -> None:
    said = postgres_step.remedy("shop-postgres", f"it exited with code 1\n{line}")
    assert says in said
    assert bool(says) == bool(said)


def test_every_remedy_can_be_told() -> None:
    for cause in CAUSES:
        known = {"container": "shop-postgres", "version": "15", "extension": "x", "available": "y"}
        way = dict.fromkeys(("at", "ssh", "name", "login", "options", "known_as"), "w")
        way |= dict.fromkeys(("host", "user", "folder", "server", "image"), "w")
        assert cause.remedy.format(**known, **way)


def test_its_patience_ends(cli: FakeDocker, command: Command, clock: FakeClock) -> None:
    cli.on(INSPECT, out=state()).on(ASK, code=2, err=STARTING).on("logs", out="redo in progress\n")
    text = command.fails(postgres_step.main)
    assert clock.now - 1000 == pytest.approx(60, abs=2 * postgres_step.INTERVAL)
    assert "no answer within 60 s (database.timeout): psql: error: FATAL:  the database" in text
    assert text.count("postgres: waiting for shop-postgres") == 3
    assert text.rstrip().endswith("redo in progress")


def test_one_that_keeps_crashing_is_tried_at_once(cli: FakeDocker) -> None:
    cli.on(INSPECT, out=state("restarting", restarts=7, code=75)).on(INSPECT, out=state())
    cli.on(ASK, out="1\n")
    postgres_step.main()
    judged = [call for call in cli.calls if not call.startswith("update")]
    assert judged[1] == "restart shop-postgres"


def test_one_that_is_gone_can_only_be_made_again(cli: FakeDocker, command: Command) -> None:
    cli.gone()
    assert "container shop-postgres is gone: run `pulumi up --refresh`" in command.fails(
        postgres_step.main
    )


def test_what_is_on_the_network_of_before_is_let_in(cli: FakeDocker) -> None:
    cli.on("network inspect shop-database", out=[{"Containers": {"new": {}, "server": {}}}])
    cli.on("network inspect shop", out=[{"Containers": {"old": {}, "worker": {}, "new": {}}}])
    postgres_network_step.let_in("shop", "shop-database")
    connected = [call for call in cli.calls if call.startswith("network connect")]
    assert connected == [f"network connect shop-database {name}" for name in ("old", "worker")]
