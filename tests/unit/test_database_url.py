"""Database URLs: checked without being shown, built with every character, told apart by place."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from components.data import database_url

URL = "postgres://ada:hunter2@db.example.org:5433/shop"


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgresql://ada@db/shop",
        "postgis://ada:x@10.0.0.5/shop?sslmode=require",
        "postgres://ada:x@[fd00::5]:5432/shop",
        "mysql://ada:x@db/shop",
    ],
)
def test_a_server_that_containers_reach_is_accepted(url: str) -> None:
    database_url.check(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("hunter2", "must begin with one of postgres://, postgresql://"),
        ("mongodb://ada:hunter2@db/shop", "must begin with one of"),
        ("postgres:ada:hunter2@db/shop", "must look like postgres://USER"),
        ("postgres://ada:hunter2@db", "must look like"),
        ("postgres://ada:12/hunter2@db/shop", "must look like"),
        ("postgres:///shop", "must look like"),
        ("postgres://ada:hunter2@db:none/shop", "is no URL such as"),
        ("postgres://ada:hunt#er2@db/shop", "is no URL such as"),
        ("postgres://ada:hunter2@[fd00/shop", "is no URL such as"),
        ("sqlite:////srv/media/hunter2", "set database to sqlite"),
        ("postgres://ada:hunter2@localhost/shop", "inside a container is the container"),
        ("postgres://ada:hunter2@127.0.0.1:5432/shop", "inside a container is the container"),
        ("postgres://ada:hunter2@db/shop?sslmode=full", "one of disable, allow, prefer"),
        ("mysql://ada:hunter2@[::1]/shop", "inside a container is the container"),
    ],
)
def test_a_wrong_one_is_explained_without_being_shown(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"must|is no|names") as error:
        database_url.check(url)
    assert says in str(error.value)
    for part in ("hunt", "er2", "ada", "none"):
        assert part not in str(error.value)


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        (URL, "postgres://db.example.org:5433/shop"),
        ("postgresql://other:secret@DB.example.org:5433/shop?a=b", None),
        ("postgis://ada@db/shop", "postgres://db:5432/shop"),
        ("mysql://ada:x@db/shop", "mysql://db:3306/shop"),
        ("mysql://ada:x@db/my%20shop/", "mysql://db:3306/my shop"),
    ],
)
def test_a_database_is_known_by_its_place_alone(url: str, identity: str | None) -> None:
    found = database_url.identity(url)
    assert found == (identity or database_url.identity(URL))


@pytest.mark.parametrize(
    ("url", "family"),
    [(URL, "postgres"), ("postgis://a@b/c", "postgres"), ("mysql://a@b/c", "mysql")],
)
def test_the_scheme_tells_the_driver(url: str, family: str) -> None:
    assert database_url.family(url) == family


@pytest.mark.parametrize("password", ["plain", "a@b:c/d?e#f", "per%cent", "ü ö", "'\"\\", "[x]"])
def test_a_password_may_hold_anything(password: str) -> None:
    url = database_url.build(user="app", password=password, host="shop-postgres", name="app")
    database_url.check(url)
    parts: Any = urlsplit(url)
    assert (parts.hostname, parts.port, parts.path) == ("shop-postgres", 5432, "/app")
    assert (unquote(parts.username), unquote(parts.password)) == ("app", password)
