"""TLS to a PostgreSQL elsewhere: verified in full, by whose word, and where the URL has its way."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.config import database_keys
from components.config.certificate import check_roots
from components.config.settings import Settings
from components.data import database_tls
from components.inside import SECRETS, SYSTEM_ROOTS
from tests.certificates import Authority
from tests.config_keys import nested

URL = "postgres://ada:hunter2@db.example.org:5433/shop"
FULL = f"{URL}?sslmode=verify-full"
CA_FILE = f"{SECRETS}/DEPLOY_DATABASE_CA"
MYSQL = "mysql://ada:hunter2@db.example.org/shop"
SITE = {"app.path": "a", "app.settings": "b", "data": "create", "deployment": "shop"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ca(authority: Authority) -> str:
    return authority.file.read_text()


@pytest.mark.parametrize(
    ("url", "by_roots", "by_ca"),
    [
        (URL, f"{FULL}&sslrootcert={SYSTEM_ROOTS}", f"{FULL}&sslrootcert={CA_FILE}"),
        (
            f"{URL}?application_name=a%20b",
            f"{URL}?application_name=a%20b&sslmode=verify-full&sslrootcert={SYSTEM_ROOTS}",
            f"{URL}?application_name=a%20b&sslmode=verify-full&sslrootcert={CA_FILE}",
        ),
        (
            f"{URL}?sslrootcert=/app/ca.pem",
            *[f"{URL}?sslrootcert=/app/ca.pem&sslmode=verify-full"] * 2,
        ),
        # What it names itself is left alone, but for an authority that config names.
        (FULL, FULL, f"{FULL}&sslrootcert={CA_FILE}"),
        (f"{URL}?sslmode=require", *[f"{URL}?sslmode=require"] * 2),
        (f"{URL}?sslmode=disable", *[f"{URL}?sslmode=disable"] * 2),
        (MYSQL, MYSQL, MYSQL),
        ("sqlite:////srv/data/a", *["sqlite:////srv/data/a"] * 2),
    ],
)
def test_what_the_url_tells_the_driver(url: str, by_roots: str, by_ca: str) -> None:
    assert database_tls.verified(url, ca=False) == by_roots
    assert database_tls.verified(url, ca=True) == by_ca


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(nested({**SITE, **changes}))


def external(url: str = URL, **changes: Any) -> Settings:
    return settings(database__engine="external", database__url=url, **changes)


def test_the_authority_is_handed_over_as_a_file(ca: str) -> None:
    assert external(database__ca=ca).further_secrets == {"DEPLOY_DATABASE_CA": ca}
    assert external().further_secrets == {}
    direct = external(database__directUrl="postgres://db/a?sslmode=disable").further_secrets
    assert direct == {"DEPLOY_DATABASE_DIRECT_URL": "postgres://db/a?sslmode=disable"}
    further = settings(databases={"stock": URL}, database__ca=ca).further_secrets
    assert further["DEPLOY_DATABASE_URL_1"] == f"{FULL}&sslrootcert={CA_FILE}"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"database.engine": "postgres"},
        {"database.engine": "external", "database.url": MYSQL},
        {"database.engine": "external", "database.url": f"{URL}?sslmode=require"},
        {"database.engine": "external", "database.url": f"{URL}?sslrootcert=/app/ca.pem"},
    ],
)
def test_an_authority_that_nothing_asks_is_refused(changes: dict[str, Any], ca: str) -> None:
    with pytest.raises(ValueError, match="no URL asks for it"):
        settings(**changes, database__ca=ca)


@pytest.mark.parametrize("changes", [{"database.url": FULL}, {"databases": {"stock": URL}}])
def test_one_that_some_url_asks_is_taken(changes: dict[str, Any], ca: str) -> None:
    url = {"database.url": f"{URL}?sslmode=disable"}
    settings(**{"database.engine": "external", **url, **changes}, database__ca=ca)


def test_what_an_authority_is(authority: Authority, ca: str) -> None:
    check_roots(f"one\n{ca}another\n{ca}")
    for text in ("hunter2", ca.replace("\n", "")[:80], ca[:200], Path(__file__).read_text()):
        with pytest.raises(ValueError, match="is no certificate in PEM") as error:
            check_roots(text)
        assert "hunter2" not in str(error.value)
    with pytest.raises(ValueError, match="holds a private key"):
        check_roots(ca + (authority.folder / "ca.key").read_text())


@pytest.mark.parametrize(
    ("told", "warned"),
    [
        ({}, []),
        ({"DATABASE_URL": URL}, ["database.url"]),
        # What it knew before is not news, nor is another server.
        ({"DATABASE_URL": f"{FULL}&sslrootcert={SYSTEM_ROOTS}"}, []),
        ({"DATABASE_URL": f"{URL}?sslmode=require"}, []),
        ({"DATABASE_URL": "postgres://ada:x@other/shop"}, []),
        ({"DATABASE_URL": "sqlite:////srv/data/db.sqlite3"}, []),
        (
            {"DATABASE_URL": URL, "DEPLOY_DATABASE_URL_1": URL},
            ["database.url", 'databases["stock"]'],
        ),
    ],
)
def test_a_site_whose_server_nobody_looked_at_is_told(
    told: Mapping[str, str], warned: list[str]
) -> None:
    said = [*database_keys.warnings(external(databases={"stock": URL}), told)]
    assert [line.partition(" names no sslmode")[0] for line in said] == warned
    assert "hunter2" not in str(said)


@pytest.mark.parametrize("mode", ["require", "disable", "verify-full"])
def test_one_whose_url_says_what_it_wants_is_told_nothing(mode: str) -> None:
    given = external(f"{URL}?sslmode={mode}")
    assert [*database_keys.warnings(given, {"DATABASE_URL": URL})] == []
