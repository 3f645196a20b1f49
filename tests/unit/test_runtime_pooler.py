"""A pooler that lends connections by the transaction is known, named, and gone past."""

from collections.abc import Iterator, MutableMapping
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from deploy_runtime import database, environment, lock, pooler
from deploy_runtime.errors import DeployError
from deploy_runtime.overlay import Overlay
from deploy_runtime.overlay_database import database as rule

URL = "postgres://ada:hunter2@pooler:6432/shop"
DIRECT = "postgres://ada:hunter2@db:5432/shop"


class Server:
    """A server, and who is between it and its clients: hands a session out for each question."""

    def __init__(self, sessions: Iterator[int] | None = None, *, pooler: bool = True) -> None:
        self.sessions, self.pooler, self.made = sessions, pooler, count(100)
        self.open: list[Connection] = []

    def connection(self, alias: str = "default") -> "Connection":
        """Another client."""
        self.open.append(Connection(self, next(self.made), alias))
        return self.open[-1]


class Connection:
    """Django's, pretended."""

    vendor = "postgresql"

    def __init__(self, server: Server, own: int, alias: str) -> None:
        self.server, self.own, self.alias = server, own, alias
        self.settings_dict: dict[str, Any] = {"OPTIONS": {"pool": True}}
        told = 7 if server.pooler else own
        self.connection = SimpleNamespace(info=SimpleNamespace(backend_pid=told))

    def ensure_connection(self) -> None:
        """It is open."""

    def copy(self) -> "Connection":
        return self.server.connection(self.alias)

    def close(self) -> None:
        self.server.open.remove(self)

    def cursor(self) -> "Connection":
        return self

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def execute(self, statement: str) -> None:
        assert statement == "SELECT pg_backend_pid()"

    def fetchone(self) -> tuple[int]:
        return (next(self.server.sessions) if self.server.sessions else self.own,)


@pytest.mark.parametrize(
    ("sessions", "is_shared"),
    [
        # The session that was given back last is lent next.
        (iter([1, 1]), True),
        # They take turns, or somebody else came between.
        (iter([1, 2, 3]), True),
        (iter([1, 2, 1, 3, 1, 1]), True),
        # Each has its own as long as it is open.
        (None, False),
    ],
)
def test_who_lends_by_the_transaction(sessions: Iterator[int] | None, *, is_shared: bool) -> None:
    server = Server(sessions)
    assert pooler.is_shared(server.connection()) is is_shared
    assert len(server.open) == 1, "the other one is closed"


def test_a_server_itself_is_asked_once() -> None:
    server = Server(iter([100]), pooler=False)
    assert not pooler.is_shared(server.connection())


def test_a_driver_that_does_not_say_which_process_it_was_told_is_believed() -> None:
    connection = Server(iter([1])).connection()
    connection.connection = SimpleNamespace()
    assert not pooler.is_shared(connection)


@pytest.mark.parametrize(
    ("environ", "alias", "says"),
    [
        ({}, "default", "`pulumi config set --secret --path database.directUrl -s STACK`"),
        ({}, "default", "database.url leads to a pooler"),
        ({environment.POOLED_URL: URL}, "default", "database.directUrl leads to a pooler"),
        ({environment.POOLED_URL: URL}, "default", "It has to name the server itself"),
        ({}, "stock", 'databases["stock"] leads to a pooler'),
    ],
)
def test_what_is_said_of_it(
    environ: dict[str, str], alias: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DeployError) as error:
        pooler.refuse(Server(iter([1, 1])).connection(alias))
    assert says in str(error.value)
    assert "hunter2" not in str(error.value)


def test_no_lock_is_taken_behind_one(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Server(iter([1, 1])).connection()
    monkeypatch.setattr("django.db.connections", {"default": connection})
    with pytest.raises(DeployError, match=r"database\.url leads to a pooler"), lock.held():
        raise AssertionError
    assert connection.server.open == [connection]


def test_whoever_needs_a_session_goes_past_it() -> None:
    environ: MutableMapping[str, str] = {
        "DEPLOY_SECRETS_DIR": "/nonexistent",
        "DATABASE_URL": URL,
        environment.DIRECT_URL: DIRECT,
    }
    environment.load(environ)
    assert environ["DATABASE_URL"] == URL, "what serves goes by the pooler"
    environment.go_direct(environ)
    for _ in range(2):
        environment.load(environ)
        assert (environ["DATABASE_URL"], environ[environment.POOLED_URL]) == (DIRECT, URL)


def test_without_an_address_of_the_server_itself_there_is_one_way() -> None:
    environ: MutableMapping[str, str] = {"DEPLOY_SECRETS_DIR": "/nonexistent", "DATABASE_URL": URL}
    environment.go_direct(environ)
    environment.load(environ)
    assert environ["DATABASE_URL"] == URL
    assert environment.POOLED_URL not in environ


@pytest.mark.parametrize("own", [{}, {"DISABLE_SERVER_SIDE_CURSORS": False}])
def test_cursors_are_kept_within_a_transaction(own: dict[str, Any]) -> None:
    for environ, disabled in (({environment.DIRECT_URL: DIRECT}, True), ({}, False)):
        overlay = Overlay({"DATABASES": {"default": own}}, {"DATABASE_URL": URL, **environ}, (5, 2))
        rule(overlay)
        found = overlay.settings["DATABASES"]["default"]
        assert bool(found.get("DISABLE_SERVER_SIDE_CURSORS")) is disabled


def test_the_pooler_is_waited_for_by_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Server().connection()
    connection.settings_dict |= {"ENGINE": "django.db.backends.postgresql", "HOST": "db"}
    monkeypatch.setattr("django.db.connections", {"default": connection})
    waited: list[tuple[str, str]] = []

    def wait_for(asked: Any, key: str, _seconds: float | None) -> float:
        waited.append((asked.settings_dict["HOST"], key))
        return 0.0

    monkeypatch.setattr(database, "_wait_for", wait_for)
    database.wait_for_pooled({})
    database.wait_for_pooled({environment.POOLED_URL: URL})
    assert waited == [("pooler", "database.url")]
    assert connection.settings_dict["HOST"] == "db"
    assert connection.server.open == [connection]
