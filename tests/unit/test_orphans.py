"""What is on the host and in no state: what goes, and what is left alone."""

from typing import Any

import pytest

from components.recover import orphans
from components.recover.orphans import Found, Thing, remove
from tests.unit.fake_docker import FakeDocker
from tests.unit.tar import tar_of

LABEL = "django-on-docker.{}"
MINE = "--filter label=django-on-docker.deployment=shop"
CONFIG = b"backend application\n  server shop-backend-1 shop-backend-1:8000\n"


def container(name: str, role: str, *, status: str = "running", **more: Any) -> dict[str, Any]:
    labels = {LABEL.format("deployment"): "shop", LABEL.format("role"): role}
    if "stack" in more:
        labels[LABEL.format("stack")] = more["stack"]
    return {
        "Id": f"{name}-id",
        "Name": f"/{name}",
        "Config": {"Labels": labels},
        "State": {"Status": status},
        "HostConfig": {"RestartPolicy": {"Name": more.get("restart", "always")}},
        "Mounts": [{"Type": "volume", "Name": v} for v in more.get("volumes", ())],
        "NetworkSettings": {"Networks": {n: {} for n in more.get("networks", ())}},
    }


def named(name: str, role: str, stack: str = "", **more: str) -> dict[str, Any]:
    labels = {LABEL.format("role"): role, LABEL.format("stack"): stack}
    return {"Name": name, "Labels": labels, **more}


EDGE = container("shop-edge", "edge", networks=["shop", "shop-ingress"], volumes=["edge-1"])
OLD = container("shop-backend-1", "backend", networks=["shop"], volumes=["shop-data", "secrets-1"])
NEW = container("shop-backend-2", "backend", networks=["shop"], volumes=["shop-data", "secrets-1"])
SERVER = container("shop-postgres", "postgres", stack="o/p/shop", volumes=["shop-postgres"])
JOB = container("shop-seeding", "seeding", networks=["shop"])
NETWORK = named("shop", "network", "o/p/shop", Id="net-id")
DATA = named("shop-data", "data", "o/p/shop")


class Host:
    """Says what is on a pretended host."""

    def __init__(self, cli: FakeDocker) -> None:
        self.cli = cli

    def has(
        self,
        *containers: dict[str, Any],
        volumes: tuple[dict[str, Any], ...] = (),
        networks: tuple[dict[str, Any], ...] = (),
    ) -> None:
        self.cli.on(
            f"ps --all {MINE} --quiet --no-trunc", out=" ".join(c["Id"] for c in containers)
        )
        if containers:
            self.cli.on("container inspect", out=list(containers))
        for kind, things in (("volume", volumes), ("network", networks)):
            names = " ".join(t.get("Id", t["Name"]) for t in things)
            self.cli.on(f"{kind} ls {MINE}", out=names)
            if things:
                self.cli.on(f"{kind} inspect", out=list(things))
        edges = [c for c in containers if c["Name"] == "/shop-edge"]
        with_port = [c for c in edges if "shop-ingress" in c["NetworkSettings"]["Networks"]]
        if any(c["State"]["Status"] == "running" for c in with_port):
            self.cli.on("cp shop-edge-id:/var/lib/edge/haproxy.cfg -", out=tar_of(CONFIG))

    def look(
        self, *known: str, retire: tuple[str, ...] = (), serving: tuple[str, ...] = ()
    ) -> Found:
        return orphans.look("shop", stack="shop", known=known, retire=retire, serving=serving)


def behind_a_proxy(backend: dict[str, Any]) -> dict[str, Any]:
    return {**backend, "NetworkSettings": {"Networks": {"shop": {}, "shop-traffic": {}}}}


@pytest.fixture
def host(cli: FakeDocker) -> Host:
    return Host(cli)


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


def test_what_is_in_the_state_stays(host: Host) -> None:
    host.has(EDGE, OLD, volumes=(DATA,), networks=(NETWORK,))
    assert host.look("shop-edge-id", "shop-backend-1-id", "net-id") == Found()


def test_what_nobody_needs_goes_containers_first(host: Host) -> None:
    secrets = (named("secrets-1", "secrets"), named("secrets-2", "secrets"))
    host.has(EDGE, OLD, NEW, JOB, volumes=(DATA, *secrets), networks=(NETWORK,))
    found = host.look("shop-edge-id", "shop-backend-1-id", "net-id", "secrets-1")
    assert names(found.left) == ["shop-backend-2", "shop-seeding", "secrets-2"]
    assert found.serving == ()


def test_a_command_by_hand_is_left_to_end(host: Host) -> None:
    volumes = [named("secrets-1", "secrets")]
    hand = container("shop-one-off-1a2b3c", "one-off", networks=["shop"], volumes=["secrets-1"])
    over = container("shop-one-off-4d5e6f", "one-off", status="created")
    host.has(EDGE, OLD, hand, over, volumes=tuple(volumes), networks=(NETWORK,))
    found = host.look("shop-edge-id", "shop-backend-1-id", "net-id")
    assert names(found.left) == ["shop-one-off-4d5e6f"]
    kept = {thing.name: why for thing, why in found.kept}
    assert kept["shop-one-off-1a2b3c"] == "a command by hand is at work in it"


def test_data_is_never_removed(host: Host) -> None:
    roles = ("data", "media", "ledger", "postgres", "backups", "kept-secrets", "whatever-comes")
    host.has(volumes=tuple(named(f"shop-{role}", role, "o/p/shop") for role in roles))
    assert host.look() == Found()


def test_a_half_made_site_goes_but_for_its_data(host: Host) -> None:
    volumes = (DATA, named("edge-1", "edge"), named("secrets-1", "secrets"))
    edge = container("shop-edge", "edge", status="created", networks=["shop"], volumes=["edge-1"])
    host.has(edge, volumes=volumes, networks=(NETWORK,))
    found = host.look()
    assert names(found.left) == ["shop-edge", "edge-1", "secrets-1", "shop"]


def test_what_visitors_depend_on_is_left_alone(host: Host) -> None:
    volumes = (DATA, named("edge-1", "edge"), named("secrets-1", "secrets"))
    host.has(EDGE, OLD, NEW, SERVER, volumes=volumes, networks=(NETWORK,))
    found = host.look()
    assert names(found.serving) == ["shop-edge", "shop-backend-1", "shop-postgres"]
    assert names(found.left) == ["shop-backend-2"]
    kept = {thing.name: why for thing, why in found.kept}
    assert kept == dict.fromkeys(("edge-1", "secrets-1", "shop"), "a container that stays uses it")


def test_an_edge_that_was_still_to_be_given_its_port_serves_nobody(host: Host) -> None:
    host.has(container("shop-edge", "edge", networks=["shop-front"]), OLD)
    found = host.look()
    assert names(found.left) == ["shop-edge", "shop-backend-1"]
    assert not found.serving


def test_without_an_edge_the_state_says_what_serves(host: Host) -> None:
    host.has(OLD, NEW)
    found = host.look(serving=("shop-backend-1",))
    assert names(found.serving) == ["shop-backend-1"]
    assert names(found.left) == ["shop-backend-2"]


def test_an_edge_that_sites_share_is_needed_whoever_they_are(host: Host) -> None:
    shared = container("shop-shared-edge", "shared-edge", volumes=["shop-shared-edge"])
    host.has(shared, volumes=(named("shop-shared-edge", "shared-edge"),))
    found = host.look()
    assert names(found.serving) == ["shop-shared-edge"]
    assert found.left == ()


@pytest.mark.parametrize(
    ("others", "left", "kept"),
    [
        ("shop shop-shared-edge\n", ["shop-shared"], []),
        ("blog blog-edge\nwiki wiki-edge", [], ["`docker rm --force blog-edge wiki-edge`, and"]),
    ],
)
def test_the_network_of_a_shared_edge_stays_while_sites_are_on_it(
    host: Host, others: str, left: list[str], kept: list[str]
) -> None:
    host.cli.on("ps --all --filter network=shop-shared", out=others)
    host.has(networks=(named("shop-shared", "network", "o/p/shop", Id="net-id"),))
    found = host.look()
    assert names(found.left) == left
    assert [thing.name for thing, _ in found.kept] == ["shop-shared"] * len(kept)
    assert all(part in why for part, (_, why) in zip(kept, found.kept, strict=True))


@pytest.mark.parametrize(
    ("thing", "known", "is_anothers"),
    [
        ({"stack": "o/p/other"}, (), True),
        ({"stack": "o/p/other"}, ("shop-postgres-id",), False),
        ({"stack": "o/p/shop"}, (), False),
    ],
)
def test_nothing_of_another_stack_is_touched(
    host: Host, thing: dict[str, str], known: tuple[str, ...], is_anothers: bool
) -> None:
    host.has(container("shop-postgres", "postgres", **thing), NEW)
    found = host.look(*known)
    assert names(found.foreign) == (["shop-postgres"] if is_anothers else [])
    assert ("shop-backend-2" in names(found.left)) != is_anothers


def test_a_network_of_another_stack_is_its_mark(host: Host) -> None:
    host.has(NEW, networks=(named("shop", "network", "o/p/other", Id="net-id"),))
    assert host.look().left == ()


def test_the_network_of_a_users_own_proxy_is_in_no_state(host: Host) -> None:
    host.has(networks=(named("shop-traffic", "traffic-network", Id="t-id"),))
    assert host.look() == Found()


def test_who_is_retired_is_kept(host: Host) -> None:
    host.has(OLD, NEW)
    found = host.look(retire=("shop-backend-1",))
    assert names(found.left) == ["shop-backend-2"]
    assert [(t.name, why) for t, why in found.kept] == [("shop-backend-1", "it is in retire")]


def test_what_somebody_runs_from_an_image_is_theirs(host: Host) -> None:
    shell = container("shell", "release")
    helper = container("helper", "edge-image", status="created")
    host.has(shell, helper)
    assert names(host.look().left) == ["helper"]


@pytest.mark.parametrize(
    ("changes", "known", "is_rejected"),
    [
        ({"status": "exited", "restart": "no"}, True, True),
        ({"status": "exited"}, True, True),  # a full disk keeps its policy from being changed
        ({"status": "restarting"}, True, True),
        ({"status": "running", "restart": "no"}, True, False),
        ({"status": "exited", "restart": "no"}, False, False),  # goes anyway
    ],
)
def test_who_failed_its_gate_is_known(
    host: Host, changes: dict[str, str], known: bool, is_rejected: bool
) -> None:
    host.has(EDGE, OLD, container("shop-backend-2", "backend", **changes))
    ids = ("shop-edge-id", "shop-backend-1-id", *(["shop-backend-2-id"] if known else []))
    found = host.look(*ids, serving=("shop-backend-1",))
    assert names(found.rejected) == (["shop-backend-2"] if is_rejected else [])
    assert ("shop-backend-2" in names(found.left)) != known


def test_what_traffic_was_switched_to_was_not_rejected(host: Host) -> None:
    host.has(container("shop-backend-1", "backend", status="exited", restart="no"))
    assert host.look("shop-backend-1-id", serving=("shop-backend-1",)).rejected == ()


def test_who_was_made_to_look_into_a_volume_goes(host: Host) -> None:
    looker = container("looker", "look", status="created", volumes=["shop-data"])
    host.has(volumes=(DATA,))
    host.cli.on("ps --all --filter label=django-on-docker.role=look", out="looker-id")
    host.cli.on("container inspect looker-id", out=[looker])
    assert names(host.look().left) == ["looker"]


def thing(kind: str, status: str = "") -> Thing:
    return Thing(kind=kind, name="x", id="x-id", role="backend", status=status)


@pytest.mark.parametrize(
    ("removed", "calls"),
    [
        (thing("container", "running"), ["stop x-id", "rm --force --volumes x-id"]),
        (thing("container", "created"), ["rm --force --volumes x-id"]),
        (thing("volume"), ["volume rm x-id"]),
        (thing("network"), ["network rm x-id"]),
    ],
)
def test_how_things_are_removed(cli: FakeDocker, removed: Thing, calls: list[str]) -> None:
    assert remove(removed) == ""
    assert cli.calls == calls


def test_what_can_t_be_removed_is_said(cli: FakeDocker) -> None:
    cli.on("volume rm", code=1, err="volume is in use\n")
    assert remove(thing("volume")) == "volume is in use"


def test_what_a_proxy_of_ones_own_reaches_serves_though_no_state_knows_it(host: Host) -> None:
    volumes = (DATA, named("shop-postgres", "postgres", "o/p/shop"))
    host.has(behind_a_proxy(OLD), NEW, SERVER, volumes=volumes, networks=(NETWORK,))
    found = host.look()
    assert [thing.name for thing in found.serving] == ["shop-backend-1", "shop-postgres"]
    assert [thing.name for thing in found.left] == ["shop-backend-2"]
