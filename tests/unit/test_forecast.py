"""The five lines that say what an update will do to the site."""

from dataclasses import replace

import pytest

from components.ledger.forecast import Forecast
from components.ledger.plan import CLEAN, NOTHING, REDEPLOYMENT, RESTART, UPDATE, Up
from components.ledger.update_kind import Before

SERVED = Before(
    served=True, release="aaa", startup="exec serve", serving=("shop-backend-1",), environment={}
)
EVERYTHING = {"shop-backend", "shop-gate", "shop-edge", "shop-secrets-files", "shop-media"}
SITE = Forecast(
    deployment="shop",
    up=Up(row=UPDATE, why="release bbb follows aaa"),
    before=SERVED,
    release="bbb",
    new_migrations=[],
    database="sqlite:shop-data/db.sqlite3",
    served_database="sqlite:shop-data/db.sqlite3",
    media="shop-media",
    port=8080,
    there=EVERYTHING,
)
FIRST = replace(
    SITE,
    up=Up(row=CLEAN, why="nothing has served yet"),
    before=Before(environment={}),
    new_migrations=None,
    fresh=True,
    served_database="",
    there=(),
)
BACKEND = {"shop-backend", "shop-gate", "shop-release"}
MOVES = "from the replacement of the edge to the end of this update: visitors then"
EDGE = "a second or two, while the edge is replaced: connections are refused"


def told(forecast: Forecast, *made: str, changed: tuple[str, ...] = ()) -> dict[str, str]:
    """The lines by their titles."""
    lines = (line.split(":", 1) for line in forecast.lines(made, changed).splitlines())
    return {title: text.strip() for title, text in lines}


def test_five_lines_answer_what_people_ask() -> None:
    assert told(replace(SITE, new_migrations=["shop.0002_x"]), *BACKEND) == {
        "this up": "code update (release bbb follows aaa)",
        "release": "aaa -> bbb, which is built now",
        "migrations": "new: shop.0002_x; of packages known once the image is built; the database "
        "is copied before any runs",
        "gap": "none: what serves goes on until the new container has passed its gate",
        "stays": "database (sqlite:shop-data/db.sqlite3), media (shop-media), secrets, edge",
    }


def test_a_clean_server() -> None:
    assert told(FIRST, *BACKEND, "shop-edge", "shop-media") == {
        "this up": "clean server (nothing has served yet)",
        "release": "bbb, which is built now",
        "migrations": "all of them, on a new database; there is nothing to copy",
        "gap": "nothing serves yet: visitors get the site once it has passed its gate",
        "stays": "nothing is there yet",
    }


def test_nothing_to_do() -> None:
    idle = replace(SITE, release="aaa", up=Up(row=NOTHING, why="nothing was changed"))
    assert told(idle) == {
        "this up": "nothing to do (nothing was changed)",
        "release": "aaa, the one that serves",
        "migrations": "none run",
        "gap": "none: what serves is not touched",
        "stays": "everything",
    }
    beside = told(idle, changed=("shop-traffic",))
    assert beside["stays"].endswith("secrets, edge, every container that serves")
    assert beside["this up"] == "nothing to do for the release; what changes beside it: traffic"
    # What nobody foresaw, such as another secret, the engine has found.
    assert told(idle, *BACKEND)["this up"] == "container restart (the container is replaced)"
    assert told(idle, "shop-backend-2")["gap"].startswith("none: what serves goes on")


@pytest.mark.parametrize(
    ("forecast", "says"),
    [
        (replace(SITE, release="aaa"), "none is new: the release is the one that serves"),
        (SITE, "new: none in the project's own code; of packages known once the image is built; "),
        (replace(SITE, new_migrations=None), "known once the image is built; the database is "),
        (replace(SITE, copied=False), "no copy of the database is made before"),
        (
            replace(SITE, allowed=["shop.0002_x"]),
            "before any runs; shop.0002_x may run beside what serves (migrations.allow)",
        ),
        (replace(SITE, rollback=True), "none of an earlier release should be pending"),
        (
            replace(SITE, before=Before(environment={}, data=True), new_migrations=None),
            "known once the image is built; the database is copied before any runs",
        ),
    ],
)
def test_what_is_known_of_migrations(forecast: Forecast, says: str) -> None:
    assert says in told(forecast, *BACKEND)["migrations"]


def test_without_a_start_nothing_migrates_but_by_the_job() -> None:
    again = replace(SITE, release="aaa", up=Up(row=REDEPLOYMENT, why="steps"))
    assert told(again, "shop-releases")["migrations"] == "none run"
    assert told(again, "shop-job")["migrations"].startswith("none is new")


TAKEOVER = replace(
    SITE, before=Before(environment={}, data=True), retire=["web"], served_database="", there=()
)


@pytest.mark.parametrize(
    ("forecast", "made", "gap"),
    [
        (SITE, {*BACKEND, "shop-edge"}, EDGE),
        (SITE, {"shop-edge"}, EDGE),
        (replace(SITE, shared="host", there={*EVERYTHING, "shop-domains"}), {"shop-edge"}, EDGE),
        (replace(SITE, shared="host"), {"shop-edge"}, f"{MOVES} come through host"),
        (
            replace(SITE, there={*EVERYTHING, "shop-domains"}),
            {"shop-edge"},
            f"{MOVES} come to the site's own ports",
        ),
        (
            SITE,
            {*BACKEND, "shop-edge", "shop-postgres-server"},
            f"{EDGE}",
        ),
        (
            replace(SITE, there={*EVERYTHING, "shop-postgres-server"}),
            {"shop-postgres-server"},
            "a few seconds, under load about ten, while the database server is replaced: pages "
            "fail",
        ),
        (
            replace(SITE, port=None),
            {"shop-traffic"},
            "the edge is removed: from then on only your own proxy reaches the site",
        ),
        (
            replace(SITE, before=replace(SERVED, serving=(), startup="")),
            BACKEND,
            "the site is down now, until the new container has passed its gate",
        ),
        (
            replace(SITE, window=True),
            BACKEND,
            "the maintenance page while migrations run that what serves can't live with, if there "
            "are any (migrations.window is true)",
        ),
        (
            replace(TAKEOVER, holds_port=True),
            {*BACKEND, "shop-edge"},
            "from the stop of web until the edge has port 8080, once the new backend is healthy "
            "(docs/update.md)",
        ),
        (
            TAKEOVER,
            {*BACKEND, "shop-edge"},
            "none: web serves until the new backend has traffic",
        ),
    ],
)
def test_the_gap_is_stated(forecast: Forecast, made: set[str], gap: str) -> None:
    assert told(forecast, *made)["gap"] == gap


def test_what_is_replaced_does_not_stay() -> None:
    assert told(SITE, "shop-edge", "shop-secrets-files")["stays"] == (
        "database (sqlite:shop-data/db.sqlite3), media (shop-media), every container that serves"
    )
    assert told(TAKEOVER, *BACKEND)["stays"].endswith("media (shop-media), web (stopped)")


def test_another_database_is_said() -> None:
    moved = told(replace(SITE, database="postgres:shop-postgres/app"), *BACKEND)
    assert moved["stays"] == (
        "media (shop-media), secrets, edge; the database is another one: "
        "sqlite:shop-data/db.sqlite3 -> postgres:shop-postgres/app"
    )


def test_a_release_that_failed_stands_beside() -> None:
    # The one that serves is to be deleted, as the state has it, and serves all the same.
    failed = replace(SITE, before=replace(SERVED, serving=(), failed=True, rejected="ccc"))
    assert told(failed, *BACKEND)["gap"].startswith("none: what serves goes on")
    stands = "; a container of ccc failed its gate and gets no traffic: "
    assert told(failed, *BACKEND)["release"].endswith(f"{stands}it is replaced")
    assert told(failed, "shop-gate")["release"].endswith(f"{stands}it is asked once more")
    restart = replace(failed, release="aaa", up=Up(row=RESTART, why="it failed"))
    assert told(restart, *BACKEND)["release"].startswith("aaa, the one that serves; a container")


def test_a_preview_says_what_the_server_is_restarted_for() -> None:
    tuned = replace(SITE, restarted_for=["max_connections"])
    assert told(tuned)["gap"] == (
        "a few seconds, while the database server is restarted for database.settings "
        "(max_connections): pages fail"
    )
