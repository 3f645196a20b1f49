"""The default database comes from DATABASE_URL; how it is used stays the project's business."""

from pathlib import Path
from typing import Any

import pytest

from deploy_runtime import overlay_database
from deploy_runtime.errors import DeployError
from deploy_runtime.overlay import Overlay

SQLITE = "django.db.backends.sqlite3"
POSTGRES = "django.db.backends.postgresql"


def applied(default: dict[str, Any], url: str = "", **others: dict[str, Any]) -> Overlay:
    databases = {"default": default, **others}
    result = Overlay({"DATABASES": databases}, {"DATABASE_URL": url} if url else {}, (5, 2))
    overlay_database.database(result)
    return result


def default(result: Overlay) -> dict[str, Any]:
    database: dict[str, Any] = result.settings["DATABASES"]["default"]
    return database


def test_a_file_below_the_source_is_replaced_by_the_one_in_the_volume() -> None:
    result = applied(
        {"ENGINE": SQLITE, "NAME": "/app/db.sqlite3"}, "sqlite:////srv/data/db.sqlite3"
    )
    assert default(result)["NAME"] == "/srv/data/db.sqlite3"
    assert result.entries[0].action == "supplied"


def test_sqlite_gets_what_it_takes_to_serve_a_site() -> None:
    options = default(applied({}, "sqlite:////srv/data/db.sqlite3"))["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert options["timeout"] == overlay_database.BUSY_TIMEOUT


def test_sqlite_options_of_the_projects_own_stay() -> None:
    own = {"ENGINE": SQLITE, "NAME": "/srv/db", "OPTIONS": {"timeout": 3}}
    options = default(applied(own, "sqlite:////srv/db"))["OPTIONS"]
    assert options["timeout"] == 3
    assert "init_command" in options


def test_older_djangos_get_only_the_options_that_they_know() -> None:
    tuned = overlay_database.tune({"ENGINE": SQLITE, "NAME": "/srv/db"}, (5, 0))
    assert set(tuned["OPTIONS"]) == {"timeout"}


def test_a_database_in_memory_is_not_tuned() -> None:
    own = {"ENGINE": SQLITE, "NAME": ":memory:"}
    assert overlay_database.tune(own, (5, 2)) == own


def test_a_project_that_reads_the_url_itself_is_left_alone() -> None:
    url = "postgres://u:p%40ss@db:5432/shop"
    own = {
        "ENGINE": POSTGRES,
        "NAME": "shop",
        "USER": "u",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5432",
        "CONN_MAX_AGE": 60,
    }
    result = applied(own, url)
    assert default(result) == {**own, "OPTIONS": {"connect_timeout": 10}}
    assert [entry.action for entry in result.entries] == ["kept", "supplied"]
    assert result.entries[1].why == "options for a site: connect_timeout"


ROOTS = "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize(
    ("own", "said", "found"),
    [
        ({}, f"sslmode=verify-full&sslrootcert={ROOTS}", ("verify-full", ROOTS)),
        # A project that asks for less is not asked.
        (
            {"sslmode": "require"},
            f"sslmode=verify-full&sslrootcert={ROOTS}",
            ("verify-full", ROOTS),
        ),
        # Roots of its own are more than anybody's, and less than what config names.
        (
            {"sslrootcert": "/app/ca.pem"},
            f"sslmode=verify-full&sslrootcert={ROOTS}",
            ("verify-full", "/app/ca.pem"),
        ),
        (
            {"sslrootcert": "/app/ca.pem"},
            "sslmode=verify-full&sslrootcert=/run/secrets/DEPLOY_DATABASE_CA",
            ("verify-full", "/run/secrets/DEPLOY_DATABASE_CA"),
        ),
        ({"sslmode": "verify-full"}, "sslmode=disable", ("disable", None)),
        ({"sslmode": "verify-full"}, "", ("verify-full", ROOTS)),
        ({}, "sslmode=verify-ca", ("verify-ca", ROOTS)),
    ],
)
@pytest.mark.parametrize("reads_it", [False, True])
def test_the_url_decides_about_tls(
    own: dict[str, Any], said: str, found: tuple[str, str | None], *, reads_it: bool
) -> None:
    place = {"NAME": "shop", "USER": "u", "PASSWORD": "p", "HOST": "db", "PORT": 5432}
    mine = {"ENGINE": POSTGRES, **(place if reads_it else {"NAME": "dev"}), "OPTIONS": own}
    options = default(applied(mine, f"postgres://u:p@db:5432/shop?{said}"))["OPTIONS"]
    assert (options["sslmode"], options.get("sslrootcert")) == found


def test_roots_that_the_process_has_by_itself_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "postgres://u:p@db/shop?sslmode=verify-full"
    assert default(applied({}, url))["OPTIONS"]["sslrootcert"] == ROOTS
    monkeypatch.setenv("PGSSLROOTCERT", "/app/ca.pem")
    assert "sslrootcert" not in default(applied({}, url))["OPTIONS"]
    monkeypatch.delenv("PGSSLROOTCERT")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql/root.crt").touch()
    assert "sslrootcert" not in default(applied({}, url))["OPTIONS"]


def test_the_same_kind_of_engine_and_its_tuning_stay() -> None:
    own = {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": "dev",
        "HOST": "localhost",
        "USER": "me",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"application_name": "shop", "service": "mine"},
    }
    found = default(applied(own, "postgres://u:p@db/shop?sslmode=require"))
    assert found["ENGINE"] == "django_prometheus.db.backends.postgresql"
    assert (found["NAME"], found["HOST"], found["USER"]) == ("shop", "db", "u")
    assert found["ATOMIC_REQUESTS"] is True
    assert found["OPTIONS"] == {
        "connect_timeout": 10,
        "application_name": "shop",
        "sslmode": "require",
    }


def test_another_kind_of_engine_brings_its_own_options() -> None:
    own = {"ENGINE": SQLITE, "NAME": "x", "ATOMIC_REQUESTS": True, "OPTIONS": {"timeout": 3}}
    found = default(applied(own, "postgres://u:p@db/shop"))
    assert found["ENGINE"] == POSTGRES
    assert found["ATOMIC_REQUESTS"] is True
    assert found["OPTIONS"] == {"connect_timeout": 10}


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ({}, (60, True)),
        # What URL parsers fill in unasked.
        ({"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}, (60, True)),
        ({"CONN_MAX_AGE": 5}, (5, None)),
        ({"CONN_MAX_AGE": None}, (None, None)),
        # A pool keeps and checks them itself, and Django refuses both at once.
        ({"OPTIONS": {"pool": True}}, (None, None)),
    ],
)
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_connections_to_a_server_are_kept_and_checked(
    own: dict[str, Any], kept: tuple[int | None, bool | None], engine: str
) -> None:
    tuned = overlay_database.tune({"ENGINE": f"django.db.backends.{engine}", **own}, (5, 2))
    assert (tuned.get("CONN_MAX_AGE"), tuned.get("CONN_HEALTH_CHECKS")) == kept


def test_a_silent_address_is_given_up_soon() -> None:
    assert default(applied({}, "postgres://u:p@db/shop"))["OPTIONS"] == {"connect_timeout": 10}
    own = {"ENGINE": POSTGRES, "OPTIONS": {"connect_timeout": 3}}
    assert overlay_database.tune(own, (5, 2))["OPTIONS"] == {"connect_timeout": 3}
    # Its drivers have limits of their own, and other names for them.
    assert default(applied({}, "mysql://u:p@db/shop"))["OPTIONS"] == {}


@pytest.mark.parametrize(
    ("engine", "family"),
    [
        (SQLITE, "sqlite"),
        ("django.contrib.gis.db.backends.spatialite", "sqlite"),
        ("django.contrib.gis.db.backends.postgis", "postgres"),
        ("django_tenants.postgresql_backend", "postgres"),
        ("psqlextra.backend", "postgres"),
        ("django.db.backends.mysql", "mysql"),
        ("mssql", "mssql"),
    ],
)
def test_wrapped_engines_count_as_what_they_wrap(engine: str, family: str) -> None:
    assert overlay_database.family({"ENGINE": engine}) == family


@pytest.mark.parametrize("url", ["postgres://u:hunter2@db:port/x", "mongo://u:hunter2@db/x"])
def test_a_wrong_url_is_named_without_its_password(url: str) -> None:
    with pytest.raises(DeployError, match="DATABASE_URL") as error:
        applied({}, url)
    assert "hunter2" not in str(error.value)


def test_without_a_url_the_projects_own_stays_and_needs_attention() -> None:
    own = {"ENGINE": SQLITE, "NAME": "x"}
    result = applied(own)
    assert default(result) == own
    assert [entry.action for entry in result.entries] == ["attention"]


def further(urls: dict[str, str], **others: dict[str, Any]) -> Overlay:
    """The further aliases that config names, over those of the project."""
    default = {"ENGINE": SQLITE, "NAME": "/srv/data/db.sqlite3"}
    environ = {f"DEPLOY_DATABASE_URL_{n}": url for n, url in enumerate(urls.values(), 1)}
    environ["DEPLOY_DATABASES"] = ",".join(urls)
    result = Overlay({"DATABASES": {"default": default, **others}}, environ, (5, 2))
    overlay_database.further(result)
    return result


def attention(result: Overlay) -> list[str]:
    return [entry.why for entry in result.entries if entry.action == "attention"]


def test_a_further_alias_is_where_config_says_and_used_as_the_project_says() -> None:
    own = {"ENGINE": POSTGRES, "NAME": "trac", "HOST": "127.0.0.1", "ATOMIC_REQUESTS": True}
    urls = {"new-one": "sqlite:////srv/old/x.sqlite3", "trac": "postgres://u:p@db/shop"}
    result = further(urls, trac=own)
    found = result.settings["DATABASES"]
    assert (found["trac"]["HOST"], found["trac"]["NAME"]) == ("db", "shop")
    assert found["trac"]["ATOMIC_REQUESTS"] is True
    assert found["trac"]["CONN_HEALTH_CHECKS"] is True
    assert found["new-one"]["NAME"] == "/srv/old/x.sqlite3"
    assert attention(result) == ["the project itself has no 'new-one': it has default, trac"]


def test_a_wrong_url_of_a_further_alias_is_named_without_its_password() -> None:
    with pytest.raises(DeployError, match=r'databases\["trac"\]') as error:
        further({"trac": "postgres://u:hunter2@db:port/x"})
    assert "hunter2" not in str(error.value)


def test_further_aliases_that_config_does_not_name_are_pointed_out() -> None:
    files = {"log": "/app/log.sqlite3", "search": "/srv/data/search.sqlite3", "m": ":memory:"}
    others: dict[str, dict[str, Any]] = {
        alias: {"ENGINE": SQLITE, "NAME": file} for alias, file in files.items()
    }
    server = {"ENGINE": POSTGRES, "NAME": "trac", "HOST": "127.0.0.1"}
    result = further({}, trac=server, **others)
    assert result.settings["DATABASES"] | {"trac": server, **others} == result.settings["DATABASES"]
    first, second = attention(result)
    assert "'trac' is where the project's own settings say, and the health endpoint" in first
    assert "--path 'databases[\"trac\"]'`" in first
    assert "/app/log.sqlite3" in second
