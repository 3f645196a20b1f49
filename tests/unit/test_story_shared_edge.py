"""The whole program where sites share an edge: that edge as a stack, and a site behind it."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.errors import UserError
from components.place import Place
from tests.certificates import Authority
from tests.unit.program import HOST, Program
from tests.unit.recorder import Recorder

DOMAINS = ["www.example.org", "example.org"]
LABELS = Place(HOST).labels("shared-edge")
MAP = "/var/lib/shared/sites.map"
SITES = b"example.org clean-server-edge\nwww.example.org clean-server-edge\n"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The config of a site behind the shared edge."""
    issued = Authority(tmp_path_factory.mktemp("authority")).issue(*DOMAINS)
    return {
        "site__domains": DOMAINS,
        "site__sharedEdge": HOST,
        "tls__mode": "files",
        "tls__certificate": issued.certificate,
        "tls__key": issued.key,
    }


@pytest.fixture
def shared(program: Program) -> Iterator[Program]:
    """The program on a host that has a shared edge."""
    daemon = program.daemon
    daemon.running = {"host-shared-edge": LABELS}
    daemon.published = {"80": ["host-shared-edge"], "443": ["host-shared-edge"]}
    daemon.inner = {"80": 8080, "443": 8443}
    daemon.contents = {"host-shared-edge": {MAP: b""}}
    yield program
    daemon.running, daemon.published, daemon.contents, daemon.stopped = {}, {}, {}, {}
    daemon.inner = {}


def test_a_stack_of_a_shared_edge_has_nothing_of_a_site(program: Program) -> None:
    made = program.run(HOST)
    assert {"SharedEdge", "SharedImage", "SharedTakeDown"} <= made.types()
    assert "Backend" not in made.types()
    assert [key for key, r in made.resources.items() if r.type == "Container"] == [
        "host-shared-edge"
    ]
    assert made.outputs["sites"] == "none yet: each names this deployment in site.sharedEdge"
    assert made.outputs["ports"] == "80, 443"


def test_the_shared_edge_has_the_ports_and_its_sites_in_a_volume(program: Program) -> None:
    made = program.run(HOST)
    inputs = made["host-shared-edge"].inputs
    assert {(p["external"], p["ip"]) for p in inputs["ports"]} >= {
        (80, "0.0.0.0"),
        (443, "0.0.0.0"),
    }
    assert inputs["networksAdvanced"] == [{"name": "host-shared"}, {"name": "host-ingress"}]
    assert made["host-shared"].inputs["internal"] is True
    [mount] = inputs["mounts"]
    assert (mount["source"][:11], mount["target"]) == ("host-sites-", "/var/lib/shared")
    # Generated, so that a volume that was lost gets another name.
    assert "name" not in made["host-sites"].inputs
    assert inputs["readOnly"] is True
    assert inputs["capabilities"] == {"drops": ["ALL"]}
    # So it is the first to be removed, and nothing is once it refuses.
    assert [*made.resources][-1] == "host-take-down"


def test_a_site_behind_it_publishes_nothing(shared: Program, behind: dict[str, Any]) -> None:
    made = shared.run_into(Recorder(), "clean-server", **behind)
    edge = made["clean-server-edge"].inputs
    assert "ports" not in edge
    assert made["clean-server-edge"].labels["shared"] == "host"
    assert [n["name"] for n in edge["networksAdvanced"]] == [
        *("clean-server-front", "clean-server-ingress", "host-shared"),
    ]
    config = made["clean-server-traffic"].inputs["stdin"]
    assert config.count(" accept-proxy") == 4
    # Domains lead to it once it serves, and nowhere before it is taken down.
    step = made["clean-server-domains"]
    assert "clean-server-traffic" in made.before("clean-server-domains")
    assert step.inputs["environment"]["DOMAINS"] == "www.example.org example.org"
    assert "clean-server-domains" in made["clean-server-take-down"].waits_for


def test_a_site_that_is_not_is_as_it_was(program: Program, behind: dict[str, Any]) -> None:
    alone = {key: value for key, value in behind.items() if key != "site__sharedEdge"}
    made = program.run("clean-server", **alone)
    assert "Registration" not in made.types()
    edge = made["clean-server-edge"].inputs
    assert [n["name"] for n in edge["networksAdvanced"]] == [
        *("clean-server-front", "clean-server-ingress"),
    ]
    assert "accept-proxy" not in made["clean-server-traffic"].inputs["stdin"]


def refusal(program: Program, behind: dict[str, Any], **changes: Any) -> str:
    recorder = Recorder()
    with pytest.raises(UserError) as refused:
        program.run_into(recorder, "clean-server", **{**behind, **changes})
    assert recorder.resources == {}
    return str(refused.value)


def test_without_one_a_site_is_refused(program: Program, behind: dict[str, Any]) -> None:
    said = refusal(program, behind)
    assert "site.sharedEdge is host, but this Docker host has no shared edge yet" in said
    assert "`make up STACK=host` makes it" in said


def test_one_of_another_name_is_named(shared: Program, behind: dict[str, Any]) -> None:
    said = refusal(shared, behind, site__sharedEdge="front")
    assert "the shared edge of this Docker host is host: `pulumi config set --path " in said


def test_one_that_does_not_run_is_named(shared: Program, behind: dict[str, Any]) -> None:
    daemon = shared.daemon
    daemon.stopped, daemon.running = daemon.running, {}
    said = refusal(shared, behind)
    assert "host-shared-edge does not run: `docker start host-shared-edge`" in said


def test_visitors_have_to_come_by_its_port(shared: Program, behind: dict[str, Any]) -> None:
    said = refusal(shared, behind, tls__httpsPort=8443)
    assert "tls.httpsPort is 8443, but visitors come by that of the shared edge host: " in said
    assert "`pulumi config set --path tls.httpsPort 443 -s clean-server`" in said


def test_a_domain_of_another_deployment_is_refused(shared: Program, behind: dict[str, Any]) -> None:
    shared.daemon.contents["host-shared-edge"] = {MAP: b"example.org blog-edge\n"}
    said = refusal(shared, behind)
    assert "site.domains has example.org, which leads to deployment blog already" in said
    assert (
        "`docker exec host-shared-edge python3 -m deploy_runtime.shared remove blog-edge`" in said
    )


def test_its_own_domains_are_no_obstacle(shared: Program, behind: dict[str, Any]) -> None:
    shared.daemon.contents["host-shared-edge"] = {MAP: SITES}
    made = shared.run_into(Recorder(), "clean-server", **behind)
    assert made["clean-server-domains"].inputs["environment"]["LOST"] == "0"


def test_the_stack_says_which_sites_are_behind_it(shared: Program) -> None:
    daemon = shared.daemon
    daemon.contents["host-shared-edge"] = {MAP: SITES + b"b.org blog-edge\n"}
    # One that runs, and is in no state, would be in the way.
    daemon.stopped, daemon.running, daemon.published = daemon.running, {}, {}
    made = shared.run_into(Recorder(), HOST)
    assert made.outputs["sites"] == ["blog: b.org", "clean-server: example.org, www.example.org"]


def test_a_port_that_is_taken_is_refused(program: Program) -> None:
    daemon, recorder = program.daemon, Recorder()
    daemon.running, daemon.published = {"shop-edge": {}}, {"443": ["shop-edge"]}
    with pytest.raises(UserError, match=r"sharedEdge\.httpsPort is 443: port 443 of the host is"):
        program.run_into(recorder, HOST)
    daemon.running, daemon.published = {}, {}
    assert recorder.resources == {}
