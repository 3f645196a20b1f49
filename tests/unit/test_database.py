"""The table of engines: where each database is, what holds it, and what it asks of the host."""

from typing import Any

import pytest

from components.config.keys import DATABASE_PASSWORD, DATABASE_URL
from components.config.settings import Settings
from components.data import database
from components.data.database import ENGINES
from components.data.database_address import Address
from components.data.database_claim import DatabaseClaim, Found
from components.data.login_turns import Login
from tests.config_keys import nested

URL = "postgres://ada:hunter2@db.example.org:5433/shop?sslmode=disable"
SITE = {"app.path": "a", "app.settings": "b", "data": "create", "deployment": "shop"}


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(nested({**SITE, **changes}))


SQLITE = settings()
POSTGRES = settings(database__engine="postgres")
EXTERNAL = settings(database__engine="external", database__url=URL)
OLD_FILE = settings(data="existing", database__volume="/srv/old", database__file="sub/site.db")
OLD_SERVER = settings(
    database__engine="postgres",
    data="existing",
    database__volume="old_pg",
    database__name="old",
    database__user="me",
)


@pytest.mark.parametrize(
    ("chosen", "url", "identity", "family"),
    [
        (SQLITE, "sqlite:////srv/data/db.sqlite3", "sqlite:shop-data/db.sqlite3", "sqlite"),
        (OLD_FILE, "sqlite:////srv/data/sub/site.db", "sqlite:/srv/old/sub/site.db", "sqlite"),
        (
            POSTGRES,
            "postgres://app:p%40ss@shop-postgres:5432/app",
            "postgres:shop-postgres/app",
            "postgres",
        ),
        (
            OLD_SERVER,
            "postgres://me:p%40ss@shop-postgres:5432/old",
            "postgres:old_pg/old",
            "postgres",
        ),
        (EXTERNAL, URL, "postgres://db.example.org:5433/shop", "postgres"),
    ],
)
def test_where_a_database_is(chosen: Settings, url: str, identity: str, family: str) -> None:
    found = database.address(chosen, Login(password="p@ss"))
    assert found == Address(url=url, is_secret=family != "sqlite", identity=identity, family=family)
    # What triggers the job and what the build installs hang on no password.
    assert database.address(chosen, Login(user="me_2", password="other")).identity == identity
    assert database.driver(chosen) == family
    for secret in ("p@ss", "p%40ss", "hunter2"):
        assert secret not in f"{identity}{found!r}"


@pytest.mark.parametrize(
    ("chosen", "volumes", "file", "opened"),
    [
        (SQLITE, {"database.volume": "shop-data"}, "db.sqlite3", ["shop-data"]),
        (OLD_FILE, {"database.volume": "/srv/old"}, "sub/site.db", ["/srv/old"]),
        (POSTGRES, {"database.volume": "shop-postgres"}, "", []),
        (OLD_SERVER, {"database.volume": "old_pg"}, "", []),
        (EXTERNAL, {}, "", []),
    ],
)
def test_what_holds_the_data(
    chosen: Settings, volumes: dict[str, str], file: str, opened: list[str]
) -> None:
    assert database.data_volumes(chosen) == volumes
    assert database.data_file(chosen) == file
    # Whose ownership is put right: a server's files belong to the server.
    assert database.application_files(chosen) == opened


def test_engines_differ_in_what_the_table_says_of_them() -> None:
    assert {name: engine.secret for name, engine in ENGINES.items()} == {
        "sqlite": "",
        "postgres": DATABASE_PASSWORD,
        "external": DATABASE_URL,
    }


class Host:
    """A host as a claim sees it."""

    def __init__(
        self,
        marked: tuple[str, ...] = (),
        files: dict[str, str] | None = None,
        using: dict[str, list[str]] | None = None,
        backends: tuple[str, ...] = ("shop-backend-1",),
    ) -> None:
        self.marked, self.files, self.using = marked, files or {}, using or {}
        self.backends = backends

    def is_of(self, volume: str, deployment: str) -> bool:
        return deployment == "shop" and volume in self.marked

    def has_file(self, source: str, file: str) -> bool | None:
        return self.files.get(source) == file if source in self.files else None

    def running(self, *, volume: str = "", deployment: str = "", role: str = "") -> list[Found]:
        names = self.using.get(volume, []) if volume else self.backends
        return [Found(name=name, image="sha256:1") for name in names]


def problems(chosen: Settings, **host: Any) -> list[str]:
    return list(database.claim(chosen).problems(Host(**host)))


@pytest.mark.parametrize("chosen", [SQLITE, POSTGRES, EXTERNAL, OLD_FILE, OLD_SERVER])
def test_nothing_stands_in_the_way_of_a_new_site(chosen: Settings) -> None:
    assert problems(chosen) == []


@pytest.mark.parametrize(
    ("chosen", "marked", "refused"),
    [
        (SQLITE, "shop-data", False),
        (SQLITE, "shop-postgres", True),
        (POSTGRES, "shop-postgres", False),
        (POSTGRES, "shop-data", True),
        (EXTERNAL, "shop-data", True),
        (EXTERNAL, "shop-postgres", True),
        # What is referenced is not in its own way, whatever it is named.
        (settings(data="existing", database__volume="shop-postgres"), "shop-postgres", False),
    ],
)
def test_data_on_another_engine_is_not_forgotten(
    chosen: Settings, marked: str, refused: bool
) -> None:
    found = problems(chosen, marked=(marked,))
    assert len(found) == refused
    if refused:
        assert (
            f"database.engine is {chosen.database.engine}, but the data of shop is on" in found[0]
        )
        assert f"in volume {marked}: an empty database would be served" in found[0]


def test_the_commands_that_move_the_data_are_told() -> None:
    (text,) = problems(POSTGRES, marked=("shop-data",))
    assert "`pulumi config set --path database.engine sqlite -s STACK`" in text
    steps = [line.strip("` ") for line in text.splitlines() if line.startswith("      `")]
    assert [step.split(" --")[0] for step in steps] == [
        "docker stop shop-edge",
        "(umask 077; docker exec shop-backend-1 python -m django dumpdata",
        "pulumi destroy",
        "docker volume create shop-data-before",
        "docker run",
        "docker volume rm shop-data",
        "pulumi config set",
        "pulumi up",
        "docker exec $(docker ps",
        "docker exec",
        "rm shop.json",
    ]
    assert "source=shop-data,target=/from,readonly" in steps[4]
    assert steps[6] == "pulumi config set --path database.engine postgres -s STACK"
    assert steps[4].endswith("--entrypoint cp sha256:1 -a /from/. /to/")


def test_a_site_that_is_down_is_moved_by_the_same_commands() -> None:
    (text,) = problems(POSTGRES, marked=("shop-data",), backends=())
    assert "docker exec BACKEND python" in text


@pytest.mark.parametrize(
    ("chosen", "files", "refused"),
    [
        (OLD_SERVER, {"old_pg": "PG_VERSION"}, False),
        (OLD_SERVER, {"old_pg": "db.sqlite3"}, True),
        # Of a remote host's folder nothing is known beforehand: the server's start tells.
        (OLD_SERVER, {}, False),
        (POSTGRES, {"shop-postgres": ""}, False),
        (OLD_FILE, {"/srv/old": ""}, False),
    ],
)
def test_an_existing_data_directory_has_to_be_one(
    chosen: Settings, files: dict[str, str], refused: bool
) -> None:
    found = problems(chosen, files=files)
    assert len(found) == refused
    assert all("database.volume is old_pg, which holds no data directory" in text for text in found)


@pytest.mark.parametrize(
    ("chosen", "using", "refused"),
    [
        (POSTGRES, {"shop-postgres": ["shop-postgres"]}, False),
        (POSTGRES, {"shop-postgres": ["db_1"]}, True),
        (OLD_SERVER, {"old_pg": ["shop-postgres", "db_1"]}, True),
        # Files may be opened by several at once: that is how a site is taken over.
        (SQLITE, {"shop-data": ["web_1"]}, False),
    ],
)
def test_two_servers_never_open_one_data_directory(
    chosen: Settings, using: dict[str, list[str]], refused: bool
) -> None:
    found = problems(chosen, using=using)
    assert len(found) == refused
    assert all("`docker update --restart=no db_1 && docker stop db_1`" in text for text in found)


def test_a_claim_says_whose_it_is() -> None:
    assert database.claim(OLD_SERVER) == DatabaseClaim(
        engine="postgres",
        deployment="shop",
        existing=True,
        source="old_pg",
        marker="PG_VERSION",
        server="shop-postgres",
        others={("sqlite", "SQLite"): "shop-data"},
    )
