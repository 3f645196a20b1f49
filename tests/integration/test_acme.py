"""Certificates that the edge gets by itself, from an authority that is reached, or refuses, or not.

The tests of this module build on each other, in order, on one deployment. A certificate is valid
for five minutes: it is renewed in the last hundred seconds of them.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import docker.errors
import pytest
from docker.models.containers import Container

from bench.visitor import free_port
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.edge_visits import VIEWS, crowd
from tests.integration.harness import Site
from tests.integration.pebble import REFUSED, Pebble
from tests.integration.tls_visits import Newcomers, Tls

DOMAIN = "www.example.org"
ELSEWHERE = "elsewhere.example.org"
LIFE = 300


@pytest.fixture(scope="module")
def http_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory, http_port: int) -> Iterator[Pebble]:
    made = Pebble(tmp_path_factory.mktemp("pebble"), asks=http_port, life=LIFE)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def tls(pebble: Pebble, http_port: int) -> Tls:
    return Tls(authority=pebble.root, domain=DOMAIN, http=http_port)


@pytest.fixture(scope="module")
def site(make_site: MakeSite, pebble: Pebble, tls: Tls) -> Site:
    site = make_site("acme")
    with (site.folder / "example/lanterna/urls.py").open("a") as stream:
        stream.write(VIEWS)
    site.unset("site.origin")
    site.configure(
        seed=[],
        site__domains=[DOMAIN],
        tls__mode="auto",
        tls__httpPort=tls.http,
        tls__httpsPort=tls.https,
        tls__acme__email="tests@example.org",
        tls__acme__directory=pebble.directory,
        tls__acme__ca=pebble.ca.read_text(),
    )
    return site


def test_without_an_authority_there_is_no_edge(site: Site, pebble: Pebble) -> None:
    pebble.way.cut()
    run = site.up(check=False)
    pebble.way.mend()
    assert run.code != 0
    assert f"tls.acme.directory: there is no certificate for {DOMAIN}" in run.output
    assert f"Could not create client: get directory at '{pebble.directory}'" in run.output
    with pytest.raises(docker.errors.NotFound):
        edge(site)


def test_the_edge_has_its_certificate_before_visitors_come(site: Site, tls: Tls) -> None:
    site.up()
    assert tls.ask("/seen/")[0] == 200
    status, headers, _ = tls.ask("/a/?b=c", scheme="http")
    assert (status, headers["location"]) == (308, f"{tls.origin}/a/?b=c")
    # Nobody is sent elsewhere who asks for what an authority does; there is no order now.
    assert tls.ask("/.well-known/acme-challenge/x", scheme="http")[0] == 503
    assert said(site)["renewal"]["issued"]["domains"] == [DOMAIN]


@pytest.mark.parametrize(
    ("domain", "says"),
    [(REFUSED, "rejectedIdentifier"), (ELSEWHERE, "urn:ietf:params:acme:error:connection")],
)
def test_a_domain_that_gets_none_changes_nothing(
    site: Site, tls: Tls, pebble: Pebble, domain: str, says: str
) -> None:
    before = edge(site)
    # There nobody listens on that port.
    pebble.send_elsewhere(ELSEWHERE, address(before))
    site.configure(site__domains=[DOMAIN, domain])
    run = site.up(check=False)
    site.configure(site__domains=[DOMAIN])
    assert run.code != 0
    assert f"site.domains: there is no certificate for {DOMAIN}, {domain}" in run.output
    assert says in run.output
    assert tls.ask("/seen/")[0] == 200
    assert edge(site).id == before.id


def test_it_is_renewed_by_itself_and_a_failure_is_said_before(
    site: Site, tls: Tls, pebble: Pebble, record_property: Callable[[str, object], None]
) -> None:
    before, newcomers = edge(site), Newcomers()
    with crowd(tls.connect) as quiet, newcomers.coming(tls):
        pebble.way.cut()
        wait_until(lambda: said(site)["renewal"]["failed"])
        status = json.loads(site.command("operate.status", site.deployment, "--json").output)
        serial = tls.shown()
        pebble.way.mend()
        wait_until(lambda: tls.shown() != serial)
        quiet.over.set()
        quiet.join()
        # On a connection that is older than the certificate.
        assert quiet.ask()["host"]
    assert newcomers.failures == []
    record_property(LOAD, f"a renewed certificate: {newcomers.answers} newcomers, none failed")
    (problem,) = status["problems"]
    assert "can't be renewed since" in problem
    assert "tls.acme.directory: the Docker host has to reach it" in problem
    log = edge(site).logs().decode()
    assert f"certificate: {pebble.directory} gave none: Could not create client" in log
    assert f"certificate: {pebble.directory} gave another one, until" in log
    assert edge(site).id == before.id
    wait_until(lambda: not said(site)["renewal"]["failed"])


def edge(site: Site) -> Container:
    return docker.from_env().containers.get(f"{site.deployment}-edge")


def address(container: Container) -> str:
    """Its own, on one of its networks."""
    networks = container.attrs["NetworkSettings"]["Networks"]
    return str(next(network["IPAddress"] for network in networks.values()))


def said(site: Site) -> dict[str, Any]:
    """What the edge says of its certificate."""
    output = edge(site).exec_run(["python3", "-m", "deploy_runtime.tls", "show"]).output
    assert isinstance(output, bytes)
    found: dict[str, Any] = json.loads(output)
    return found


def wait_until(met: Callable[[], object]) -> None:
    """Wait for what has to come within a certificate's life."""
    deadline = time.monotonic() + 2 * LIFE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.5)
