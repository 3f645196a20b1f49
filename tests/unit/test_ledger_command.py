"""The command that shows a deployment's ledger, from its images and its volume."""

import json
from typing import Any

import pytest

from components.ledger import show
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.tar import tar_of

LIST = (
    "image ls --quiet --no-trunc --filter label=django-on-docker.deployment=shop "
    "--filter label=django-on-docker.role=release"
)
MOUNT = "--mount type=volume,source=shop-ledger,target=/srv/ledger"


def record(id_: str, operation: str, point: str, **more: Any) -> dict[str, Any]:
    made = {"id": id_, "operation": operation, "point": point, "start": f"2030-01-01T00:00:0{id_}"}
    base = {"deployment": "shop", "release": "abcdef1234", "container": "0123456789abcdef"}
    return {**made, **base, "seconds": 1.5, "boots": 1, "result": {}, **more}


BAKED = record("1", "collectstatic", "build", deployment="", release="", result={"files": 3})
APPLIED = record(
    "2",
    "migrate",
    "startup",
    result={"applied": 2, "migrations": ["a.1", "a.2"], "outcome": "done"},
)
AGAIN = record("3", "migrate", "startup", result={"applied": 0, "outcome": "done"})


@pytest.fixture
def host(cli: FakeDocker) -> FakeDocker:
    """A host with two releases, which share a layer, and a ledger."""
    cli.on(LIST, out="sha256:b\nsha256:a\nsha256:b\n")
    cli.on("volume inspect shop-ledger", out=[{}])
    cli.on(f"create --network none {MOUNT} sha256:b true", out="box-b\n")
    cli.on("create --network none sha256:a true", out="box-a\n")
    baked = tar_of(f"{json.dumps(BAKED)}\n".encode())
    for box in ("box-a", "box-b"):
        cli.on(f"cp {box}:/opt/deploy/ledger.jsonl -", out=baked)
    lines = b"".join(f"{line}\n".encode() for line in (json.dumps(AGAIN), json.dumps(APPLIED), "?"))
    cli.on("cp box-b:/srv/ledger/ledger.jsonl -", out=tar_of(lines))
    cli.on("image inspect --format", out="def\n")
    return cli


def test_every_record_is_read_once_and_in_order(host: FakeDocker) -> None:
    records, unreadable = show.read("shop")
    assert [found["id"] for found in records] == ["1", "2", "3"]
    assert unreadable == 1


def test_a_builds_record_is_its_releases(host: FakeDocker) -> None:
    (built, *_), _ = show.read("shop")
    assert (built["deployment"], built["release"]) == ("shop", "def")


def test_no_container_is_started_and_none_is_left(host: FakeDocker) -> None:
    show.read("shop")
    verbs = [call.split()[0] for call in host.calls]
    assert not {"run", "start", "exec"} & set(verbs)
    assert [call for call in host.calls if call.startswith("rm")] == [
        "rm --force --volumes box-b",
        "rm --force --volumes box-a",
    ]


def test_a_deployment_without_a_ledger_has_its_builds(cli: FakeDocker) -> None:
    cli.on(LIST, out="sha256:a\n").gone("", "volume")
    cli.on("create --network none sha256:a true", out="box\n")
    cli.on("cp box:/opt", out=tar_of(json.dumps(BAKED).encode())).on("cp box:/srv", code=1)
    assert [found["id"] for found in show.read("shop")[0]] == ["1"]


def test_a_deployment_that_is_not_there(cli: FakeDocker, command: Command) -> None:
    cli.gone("", "volume")
    said = command.fails(show.read, "shop")
    assert "no release of a deployment 'shop' is on this host: see `" in said


def test_the_table(host: FakeDocker, command: Command) -> None:
    said = command.says(show.main, words=["shop"])
    lines, _, totals = command.out.partition("\n\n")
    assert [line.split() for line in lines.splitlines()[1:]] == [
        [*("2030-01-01", "00:00:01", "def", "build", "collectstatic"), "1.50", "1", "files", "3"],
        [
            *("2030-01-01", "00:00:02", "abcdef12", "startup", "migrate", "0123456789ab"),
            *("1.50", "1", "applied", "2:", "a.1,", "a.2"),
        ],
        [
            *("2030-01-01", "00:00:03", "abcdef12", "startup", "migrate", "0123456789ab"),
            *("1.50", "1", "applied", "0"),
        ],
    ]
    assert [line.split() for line in totals.splitlines()] == [
        ["operation", "point", "runs", "applied", "seconds", "boots"],
        ["collectstatic", "build", "1", "0", "1.5", "1"],
        ["migrate", "startup", "2", "2", "3", "2"],
    ]
    assert said == "warning: lines of the ledger that are no records: 1\n"


def test_as_json(host: FakeDocker, command: Command) -> None:
    command.says(show.main, words=["shop", "--json"])
    shown = json.loads(command.out)
    assert shown["deployment"] == "shop"
    assert shown["counts"][1] == {
        **{"operation": "migrate", "point": "startup", "runs": 2},
        **{"applied": 2, "seconds": 3.0, "boots": 2},
    }
    assert [found["id"] for found in shown["records"]] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({}, ""),
        ({"outcome": "done", "files": 3, "copied": 0}, "files 3, copied 0"),
        ({"outcome": "failed"}, "failed"),
        ({"outcome": "failed", "applied": 1, "migrations": ["a.1"]}, "failed; applied 1: a.1"),
        ({"outcome": "nothing to collect", "files": 0}, "nothing to collect; files 0"),
        ({"steps": ["a created"], "created": 1, "unchanged": 2}, "created 1, unchanged 2"),
        ({"command": "check", "outcome": "done"}, "check"),
        ({"command": "check", "code": 3, "outcome": "failed"}, "failed; check: code 3"),
        ({"migrations": ["a" * 100]}, f"{'a' * 59}…"),
    ],
)
def test_a_result_in_a_line(result: dict[str, Any], text: str) -> None:
    assert show.result_text(result) == text


def test_a_deployment_in_which_nothing_was_recorded() -> None:
    assert show.as_table([]) == "nothing is recorded yet"
