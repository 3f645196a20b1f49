"""Consent to single migrations: what is said of it, and which commands give and end it."""

import pytest

from components.migrations.consent import ALLOW, ALLOW_AHEAD, Consent

THREE = ("shop.0001_a", "shop.0002_b", "shop.0003_c")


def consent(*names: str, key: str = ALLOW) -> Consent:
    return Consent(key=key, names=names, stack="live")


def test_a_further_consent_stands_beside_those_of_now() -> None:
    assert consent().giving(["shop.0001_a"]) == (
        "`pulumi config set --path 'migrations.allow[0]' shop.0001_a -s live`"
    )
    assert consent(*THREE).giving(["shop.0004_d", "shop.0005_e"]) == (
        "`pulumi config set --path 'migrations.allow[3]' shop.0004_d -s live`, "
        "`pulumi config set --path 'migrations.allow[4]' shop.0005_e -s live`"
    )


@pytest.mark.parametrize(
    ("ended", "places"),
    [
        (THREE, ["migrations.allow"]),
        (THREE[:1], ["'migrations.allow[0]'"]),
        # The last one first: to remove one moves those after it.
        ((THREE[0], THREE[2]), ["'migrations.allow[2]'", "'migrations.allow[0]'"]),
    ],
)
def test_what_has_ended_is_removed_one_by_one(ended: tuple[str, ...], places: list[str]) -> None:
    commands = [f"`pulumi config rm --path {place} -s live`" for place in places]
    assert consent(*THREE).taking_back(ended) == ", ".join(commands)


def test_each_is_missing_once_and_in_order() -> None:
    wanted = ["shop.0004_d", "shop.0002_b", "shop.0004_d"]
    assert consent(*THREE).missing(wanted) == ["shop.0004_d"]


def test_what_has_not_ended_is_not_spoken_of() -> None:
    assert consent(*THREE).ended(["shop.0009_x"]) == ""
    said = consent(*THREE, key=ALLOW_AHEAD).ended(THREE[1:2])
    assert said == (
        "migrations.allowAhead: shop.0002_b is none that the database is ahead by: the consent "
        "does nothing any more, remove it with `pulumi config rm --path 'migrations.allowAhead[1]' "
        "-s live`"
    )


@pytest.mark.parametrize(
    ("name", "way"),
    [
        (
            "shop.0002_bb",
            "did you mean shop.0002_b? `pulumi config set --path 'migrations.allow[0]' ",
        ),
        ("shop.elsewhere", "shop has shop.0001_a, shop.0002_b, shop.0003_c: `pulumi config set "),
        ("kitchen.0009_z", "no app is called kitchen there: `pulumi config set --path 'migrat"),
    ],
)
def test_what_does_not_exist_is_told_apart_from_a_slip(name: str, way: str) -> None:
    summary, ways = consent(name).unknown([name], THREE, "nobody has")
    assert summary == f"migrations.allow names {name}, which nobody has"
    assert ways[0].startswith(way)
    remove = "or remove what is wrong: `pulumi config rm --path migrations.allow -s live`"
    assert ways[1] == remove
