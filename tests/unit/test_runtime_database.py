"""Waiting for a database server: bounded, and not at all for what waiting does not mend."""

from typing import Any

import pytest
from django.db import OperationalError

from deploy_runtime import database
from deploy_runtime.errors import DeployError
from tests.unit.fake_clock import FakeClock

DOWN = 'connection to server at "10.0.0.5", port 5432 failed: Connection refused'


class Server:
    """A pretended connection: it refuses with these words, one after the other.

    Then it answers if it comes up, else it repeats the last.
    """

    vendor, display_name = "postgresql", "PostgreSQL"

    def __init__(self, *words: str, up: bool = False, alias: str = "default") -> None:
        self.alias = alias
        self.words, self.up = list(words), up
        self.settings_dict = {
            "NAME": "shop",
            "HOST": "db",
            "PORT": "5432",
            "USER": "ada",
            "PASSWORD": "hunter2",
        }

    def ensure_connection(self) -> None:
        if self.words:
            last = len(self.words) == 1 and not self.up
            raise OperationalError(self.words[0] if last else self.words.pop(0))

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(database, "time", fake)
    return fake


def wait(monkeypatch: pytest.MonkeyPatch, server: Any, seconds: float | None = None) -> float:
    monkeypatch.setattr("django.db.connections", {"default": server})
    return database.wait(seconds=seconds)


def refusal(monkeypatch: pytest.MonkeyPatch, *words: str, seconds: float | None = None) -> str:
    with pytest.raises(DeployError) as error:
        wait(monkeypatch, Server(*words), seconds)
    return str(error.value)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('FATAL: password authentication failed for user "ada"', "refuses the user 'ada' or the"),
        ("FATAL: SASL authentication failed", "refuses the user 'ada' or the password"),
        ("fe_sendauth: no password supplied", "refuses the user 'ada' or the password"),
        (
            "(1045, \"Access denied for user 'ada'@'web' (using password: YES)\")",
            "refuses the user 'ada' or the password",
        ),
        ('FATAL: database "shop" does not exist', "does not exist on that server"),
        ("(1049, \"Unknown database 'shop'\")", "does not exist on that server"),
        ('FATAL: role "ada" does not exist', "does not know the user 'ada'"),
        ('FATAL: no pg_hba.conf entry for host "10.0.0.7"', "lets nobody in from this host"),
        (
            "server does not support SSL, but SSL was required",
            "let database.url end with ?sslmode=disable",
        ),
        (
            'server certificate for "db.example" (and 1 other name) does not match host name "db"',
            "name the host there as the certificate does",
        ),
        ("SSL error: certificate verify failed", "--path database.ca -s STACK < ca.pem`"),
        (
            'root certificate file "/etc/ssl/certs/ca-certificates.crt" does not exist',
            "'image.aptPackages[0]' ca-certificates -s STACK`",
        ),
        (
            'FATAL: no pg_hba.conf entry for host "10.0.0.7", user "a", no encryption',
            "lets nobody in from this host without TLS",
        ),
        ("(1130, \"Host '10.0.0.7' is not allowed to connect\")", "lets nobody in from this host"),
    ],
)
def test_what_waiting_does_not_mend_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock, said: str, says: str
) -> None:
    text = refusal(monkeypatch, said)
    assert clock.now == 1000
    assert text.startswith("the PostgreSQL database shop on db:5432 ")
    assert says in text
    assert f"It said: {said}" in text


def test_a_server_that_is_down_is_waited_for_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    text = refusal(monkeypatch, DOWN, seconds=12)
    assert clock.now - 1000 == pytest.approx(12)
    assert f"the PostgreSQL database shop on db:5432 does not answer after 12 s: {DOWN}" in text
    assert "(database.url)" in text
    assert "database.timeout" in text
    assert capsys.readouterr().err.count("waiting for the database") == 2


def test_a_kind_of_server_that_has_to_be_asked_for_its_name_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class MySql(Server):
        vendor = "mysql"

        @property
        def display_name(self) -> str:  # type: ignore[override]
            raise OperationalError(self.words[0])

    down = "(2002, \"Can't connect to server on 'db' (115)\")"
    with pytest.raises(DeployError) as error:
        wait(monkeypatch, MySql(down), 5)
    assert str(error.value).startswith("the MySQL database shop on db:5432 does not answer")


def test_a_server_that_is_slow_is_served_by_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wait(monkeypatch, Server(DOWN, "FATAL: starting up", up=True)) == pytest.approx(1.0)


def test_a_slow_one_may_still_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    text = refusal(monkeypatch, DOWN, 'FATAL: password authentication failed for user "ada"')
    assert "refuses the user" in text


@pytest.mark.parametrize("said", [f"{DOWN} hunter2", "no pg_hba.conf entry for hunter2"])
def test_the_password_is_never_shown(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    text = refusal(monkeypatch, said, seconds=0)
    assert "hunter2" not in text
    assert "[secret]" in text


def test_databases_that_config_names_are_waited_for_and_named_by_their_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = 'FATAL: database "trac" does not exist'
    servers = {"default": Server(DOWN, up=True), "trac": Server(said, alias="trac")}
    monkeypatch.setattr("django.db.connections", servers)
    database.wait_for_all({})
    with pytest.raises(DeployError, match=r'its name in databases\["trac"\]'):
        database.wait_for_all({"DEPLOY_DATABASES": "trac"})


def test_without_a_password_nothing_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(DOWN)
    server.settings_dict = {"NAME": "shop"}
    with pytest.raises(DeployError) as error:
        wait(monkeypatch, server, 0)
    assert DOWN in str(error.value)
