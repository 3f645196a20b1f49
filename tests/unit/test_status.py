"""What `status` says of a site, from the Docker host alone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.operate import status
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

LISTED = "ps --all --format '{{.Names}}' --filter label=django-on-docker.deployment=shop"
PENDING = "exec serving python -m deploy_runtime.pending"
COPIES = "run --rm --user 0 --network none --mount type=volume,source=shop-backups"
DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 20 {} 20% /srv\n"
COPY = {"id": "20260102T030405Z-old", "made": "2026-01-02T03:04:05+00:00"}


def container(name: str, role: str, **state: Any) -> dict[str, Any]:
    labels = {"django-on-docker.role": role, "django-on-docker.release": "abcdef0123456789"}
    now = {
        **{"Status": "running", "ExitCode": 0, "StartedAt": "2026-01-01T10:00:00.123Z"},
        "FinishedAt": "2026-01-01T11:00:00.123Z",
        **state,
    }
    return {
        "Name": f"/{name}",
        "Image": "sha256:app",
        "RestartCount": 2,
        "Config": {"Labels": labels},
        "State": now,
    }


WELL: dict[str, list[str]] = {"pending": [], "ahead": []}
HEALTHY = container("serving", "backend", Health={"Status": "healthy"})


def site(
    cli: FakeDocker,
    backend: dict[str, Any] = HEALTHY,
    *,
    serves: bool = True,
    pending: object = WELL,
    free: int = 80,
) -> FakeDocker:
    """A site with an edge, a backend, a helper, and a copy of its database."""
    cli.has_edge("serving").runs(*(["serving"] if serves else []))
    cli.on(LISTED, out="helper\nserving\nshop-edge\n")
    cli.on("container inspect shop-edge", out=[container("shop-edge", "edge")])
    cli.on("container inspect helper", out=[container("helper", "noted-window")])
    cli.on("container inspect serving", out=[backend])
    if serves:
        cli.on(PENDING, code=0 if pending else 1, out=pending)
        cli.on("exec serving df", out=DF.format(free))
    return cli.on(COPIES, out=json.dumps({**COPY, "engine": "sqlite", "bytes": 2_500_000}))


def test_a_site_that_is_well(cli: FakeDocker, command: Command) -> None:
    site(cli)
    command.fails(status.main, words=["shop"], code=0)
    facts, table = command.out.strip().split("\n\n")
    lines = {line.split("  ")[0]: line for line in facts.splitlines()}
    assert lines["release"].endswith("abcdef0123456789")
    assert lines["since (UTC)"].endswith("2026-01-01 10:00:00")
    assert lines["migrations"].endswith("all applied")
    assert "20260102T030405Z-old, 2.5 MB, " in lines["last copy"]
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["shop-edge", "edge", "running", "2", "2026-01-01", "10:00:00"],
        [
            *("serving", "backend", "(serves)", "abcdef01", "running", "healthy", "2"),
            *("2026-01-01", "10:00:00"),
        ],
    ]


DAY = 86400.0
SHOWN = {"names": ["www.example.org"], "until": "2999-01-01T00:00:00+00:00", "fingerprint": "0F"}


def ending_tls(cli: FakeDocker, shown: object) -> FakeDocker:
    edge = container("shop-edge", "edge")
    edge["Config"]["Labels"]["django-on-docker.tls"] = "true"
    cli.on("container inspect shop-edge", out=[edge])
    return site(cli.on("exec shop-edge python3 -m deploy_runtime.tls show", out=shown))


def test_where_the_edge_ends_tls_its_certificate_is_shown(
    cli: FakeDocker, command: Command
) -> None:
    ending_tls(cli, SHOWN)
    command.fails(status.main, words=["shop"], code=0)
    assert "certificate" in command.out
    assert "www.example.org, until 2999-01-01" in command.out


@pytest.mark.parametrize("shown", [{}, "no JSON"])
def test_an_edge_that_can_not_say_is_no_problem(cli: FakeDocker, shown: object) -> None:
    ending_tls(cli, shown)
    found = status.look("shop")
    assert (found["certificate"], found["problems"]) == (None, [])


@pytest.mark.parametrize(("days", "says"), [(9, "ends in 9 days"), (-3, "ended on 20")])
def test_a_certificate_that_ends_soon_is_a_problem(cli: FakeDocker, days: int, says: str) -> None:
    until = datetime.now(UTC) + timedelta(days=days, hours=1)
    ending_tls(cli, {**SHOWN, "until": until.isoformat()})
    (problem,) = status.look("shop")["problems"]
    assert problem.startswith(f"the certificate {says}")
    assert "< fullchain.pem`, tls.key likewise, and `pulumi up`" in problem


def test_a_certificate_that_can_not_be_renewed_is_a_problem_at_once(cli: FakeDocker) -> None:
    now = datetime.now(UTC).timestamp()
    issued = {"domains": ["a.example"], "since": now - 60 * DAY, "until": now + 29.5 * DAY}
    failed = {"since": now - DAY / 2, "last": now, "tries": 2, "said": "dial tcp: refused"}
    ending_tls(cli, {**SHOWN, "renewal": {"issued": issued, "failed": failed}})
    (problem,) = status.look("shop")["problems"]
    assert problem.startswith("the certificate ends on 20")
    assert "in 29 days, and can't be renewed since 20" in problem
    assert "by 2 tries: dial tcp: refused. tls.acme.directory: the Docker host has to" in problem


def test_an_edge_that_shows_none_yet_says_so(cli: FakeDocker, command: Command) -> None:
    ending_tls(cli, {"renewal": {"issued": None, "failed": None}})
    command.fails(status.main, words=["shop"], code=0)
    assert "none is shown yet" in command.out


def test_one_that_is_renewed_by_itself_and_well_is_none(cli: FakeDocker) -> None:
    now = datetime.now(UTC).timestamp()
    issued = {"domains": ["a.example"], "since": now - DAY, "until": now + 5 * DAY}
    until = datetime.fromtimestamp(issued["until"], UTC).isoformat()  # type: ignore[arg-type]
    renewal = {"issued": issued, "failed": None}
    ending_tls(cli, {**SHOWN, "until": until, "renewal": renewal})
    assert status.look("shop")["problems"] == []


def test_as_json(cli: FakeDocker, command: Command) -> None:
    site(cli)
    command.fails(status.main, words=["shop", "--json"], code=0)
    said = json.loads(command.out)
    assert said["release"] == "abcdef0123456789"
    assert said["serving"] == ["serving"]
    assert said["containers"][1]["restarts"] == 2
    assert said["migrations"] == {"pending": [], "ahead": []}
    assert said["disk"] == {"free": 80 * 1024, "total": 100 * 1024}
    assert said["problems"] == []


def test_what_is_pending_is_a_problem_with_what_mends_it(cli: FakeDocker, command: Command) -> None:
    site(cli, pending={"pending": ["shop.0002_x"], "ahead": ["shop.0003_y"]})
    command.fails(status.main, words=["shop"])
    assert "pending: shop.0002_x; of a later release: shop.0003_y" in command.out
    assert "problem: migrations are not applied: shop.0002_x" in command.out
    assert "components.operate.one_off shop manage migrate`" in command.out


def test_a_container_that_is_stopped(cli: FakeDocker, command: Command) -> None:
    site(cli, container("serving", "backend", Status="exited", ExitCode=137), serves=False)
    command.fails(status.main, words=["shop"])
    assert "none serves" in command.out
    assert "exited (137)" in command.out
    assert "2026-01-01 11:00:00" in command.out
    assert "problem: nothing serves: `make logs` says why it ended" in command.out


def test_an_unhealthy_one_and_a_full_disk(cli: FakeDocker) -> None:
    site(cli, container("serving", "backend", Health={"Status": "unhealthy"}), free=2)
    problems = status.look("shop")["problems"]
    assert problems == [
        "serving is unhealthy: `docker logs --tail 50 serving` says why",
        "the Docker host's disk is nearly full: `docker system df`, `docker builder prune`",
    ]


def test_one_that_ran_out_of_memory_is_named_with_the_key(cli: FakeDocker) -> None:
    bounded = {"HostConfig": {"Memory": 128 * 1024**2}, "State": {**HEALTHY["State"]}}
    bounded["State"]["Running"] = True
    site(cli, {**HEALTHY, **bounded})
    cli.on("exec serving cat /sys/fs/cgroup/memory.events", out="oom 2\noom_kill 2\n")
    assert status.look("shop")["problems"] == [
        "serving ran out of memory: it was killed for taking more memory than processes.memory "
        "allows, 128 MB: `pulumi config set --path processes.memory 256 -s STACK`, or let it take "
        "less"
    ]


def test_a_release_that_cannot_say_what_is_pending(cli: FakeDocker) -> None:
    site(cli, pending=b"")
    (problem,) = status.look("shop")["problems"]
    assert problem.startswith("the release can't say which migrations its database has")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_without_a_site(cli: FakeDocker, command: Command, flags: list[str]) -> None:
    said = command.fails(status.main, words=["shop", *flags])
    assert "there is no site of deployment 'shop' on this Docker host" in said
    assert command.out == ""


def test_with_the_daemon_gone(cli: FakeDocker, command: Command) -> None:
    cli.on("ps ", code=1, err="Cannot connect to the Docker daemon at unix:///run/docker.sock")
    assert "systemctl start docker" in command.fails(status.main, words=["shop"])
