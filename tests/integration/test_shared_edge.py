"""Several sites share the ports of one host: each comes, is updated and goes, and no other notices.

The tests of this module build on each other, in order, on one shared edge and two sites.
"""

import json
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from bench.visitor import free_port
from tests.certificates import Authority
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.edge_visits import VIEWS, crowd
from tests.integration.harness import Site
from tests.integration.pebble import Pebble
from tests.integration.tls_visits import LOCAL, Newcomers, Tls

WANTED = int(os.environ.get("NEIGHBOUR_VISITS", "300"))
"""How many visitors of a site have to come while its neighbour is deployed, updated and destroyed;
10,000 is the long form, which does so again and again."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A shared edge, and what its sites need of it.

    Attributes:
        site: the stack that is the shared edge.
        ports: its ports, of http and https.
        authority: whoever issues the sites' certificates.
    """

    site: Site
    ports: tuple[int, int]
    authority: Authority

    def put_behind(self, site: Site, *domains: str) -> Tls:
        """Have a site reached through it, once that is deployed."""
        http, https = self.ports
        issued = self.authority.issue(*domains)
        site.configure(
            site__domains=domains,
            site__sharedEdge=self.site.deployment,
            tls__mode="files",
            tls__httpPort=http,
            tls__httpsPort=https,
        )
        site.configure_secret(tls__certificate=issued.certificate, tls__key=issued.key)
        return Tls(authority=self.authority.file, domain=domains[0], http=http, https=https)


def make(make_site: MakeSite, name: str) -> Site:
    site = make_site(name)
    with (site.folder / "example/lanterna/urls.py").open("a") as stream:
        stream.write(VIEWS)
    site.configure(seed=[])
    return site


@pytest.fixture(scope="module")
def one(make_site: MakeSite) -> Site:
    return make(make_site, "one")


@pytest.fixture(scope="module")
def two(make_site: MakeSite) -> Site:
    return make(make_site, "two")


@pytest.fixture(scope="module")
def host(
    one: Site, two: Site, make_site: MakeSite, tmp_path_factory: pytest.TempPathFactory
) -> Host:
    """It is there only once the first test has looked for it in vain."""
    site = make_site("shared", stack="host")
    site.unset("site")
    ports = free_port(), free_port()
    site.configure(sharedEdge__httpPort=ports[0], sharedEdge__httpsPort=ports[1])
    authority = Authority(tmp_path_factory.mktemp("authority"))
    return Host(site=site, ports=ports, authority=authority)


@pytest.fixture(scope="module")
def first(one: Site, host: Host) -> Tls:
    return host.put_behind(one, "www.one.example.org", "one.example.org")


@pytest.fixture(scope="module")
def second(two: Site, host: Host) -> Tls:
    return host.put_behind(two, "two.example.org")


def ids(*sites: Site) -> Mapping[str, str]:
    """Id by name of the containers of some deployments."""
    found = (docker.from_env().containers.list(filters=site.labelled()) for site in sites)
    return {str(c.name): str(c.id) for containers in found for c in containers}


def shown(tls: Tls) -> tuple[str, str]:
    """Which backend answers by https, and whose address it takes for the visitor's."""
    said = json.loads(tls.ask("/seen/", **{"X-Forwarded-For": "1.1.1.1"})[2])
    return said["host"], said["X-Forwarded-For"]


def test_without_a_shared_edge_a_site_is_refused(one: Site, host: Host, first: Tls) -> None:
    run = one.preview()
    assert run.code != 0
    assert "this Docker host has no shared edge yet" in run.output or (
        # Another suite's may be there.
        "but the shared edge of this Docker host is" in run.output
    )
    assert ids(one) == {}


def test_both_sites_serve_their_own_pages(
    one: Site, two: Site, host: Host, first: Tls, second: Tls
) -> None:
    made = host.site.up(preview=True)
    assert "it is new, and sites come behind it one by one" in made.output
    one.up()
    two.up()
    gateway = docker.from_env().networks.get(f"{host.site.deployment}-ingress")
    visitor = gateway.attrs["IPAM"]["Config"][0]["Gateway"]
    backends = {tls.domain: shown(tls) for tls in (first, second)}
    client = docker.from_env()
    for site, tls in ((one, first), (two, second)):
        backend = client.containers.get(site.outputs()["containers"]["backend"])
        assert backends[tls.domain] == (backend.attrs["Config"]["Hostname"], visitor)
        edge = client.containers.get(f"{site.deployment}-edge")
        assert edge.attrs["HostConfig"]["PortBindings"] in (None, {})
        status, headers, _ = tls.ask("/a/?b=c", scheme="http")
        assert (status, headers["location"]) == (308, f"{tls.origin}/a/?b=c")
        assert site.outputs()["url"] == tls.origin
    status, headers, _ = first.ask("/a/", domain="one.example.org")
    assert (status, headers["location"]) == (308, f"{first.origin}/a/")
    if first.has_ipv6:
        assert first.ask("/seen/", address="::1")[0] == 200
    assert host.site.up().changes().keys() == {"unchanged"}
    behind = host.site.outputs()["sites"]
    assert behind == [
        f"{one.deployment}: one.example.org, www.one.example.org",
        f"{two.deployment}: two.example.org",
    ]
    assert one.up().changes().keys() == {"unchanged"}


def test_whoever_names_no_site_gets_nothing(host: Host, first: Tls) -> None:
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    for name in ("three.example.org", None):
        plain = socket.create_connection((LOCAL, first.https), timeout=30)
        with plain, pytest.raises((ssl.SSLError, ConnectionError)):
            anybody.wrap_socket(plain, server_hostname=name)
    status, _, said = first.ask("/", scheme="http", domain="three.example.org")
    assert (status, said) == (421, "There is no site of this name here.\n")


def test_a_domain_of_another_site_is_refused(
    one: Site, two: Site, host: Host, first: Tls, second: Tls
) -> None:
    before = ids(one, two, host.site)
    host.put_behind(two, "two.example.org", "one.example.org")
    run = two.up(check=False)
    assert run.code != 0
    leads = f"site.domains has one.example.org, which leads to deployment {one.deployment} already"
    assert leads in run.output
    host.put_behind(two, "two.example.org")
    assert ids(one, two, host.site) == before


def test_the_shared_edge_stays_as_long_as_sites_are_behind_it(
    one: Site, two: Site, host: Host
) -> None:
    run = host.site.pulumi("destroy", "--yes", "-s", host.site.stack)
    assert run.code != 0
    assert f"sites are reached through it: {one.deployment} {two.deployment}" in run.output
    assert "Nothing of" in run.output
    assert f"{host.site.deployment}-shared-edge" in ids(host.site)


def test_visitors_of_one_notice_nothing_of_the_other(
    one: Site,
    two: Site,
    host: Host,
    first: Tls,
    second: Tls,
    record_property: Callable[[str, object], None],
) -> None:
    newcomers, before, rounds = Newcomers(), ids(one, host.site), 0
    with crowd(first.connect), newcomers.coming(first):
        while not rounds or newcomers.answers < WANTED:
            rounds += 1
            two.destroy()
            assert first.ask("/", scheme="http", domain=second.domain)[0] == 421
            two.up()
            second.wait()
            two.configure(env={"ROUND": rounds})
            two.up()
            second.wait()
    assert newcomers.failures == []
    assert newcomers.answers >= WANTED
    assert ids(one, host.site) == before
    record_property(
        LOAD,
        f"a neighbour destroyed, deployed and updated, {rounds} times: "
        f"{newcomers.answers} newcomers, none failed",
    )


def test_another_container_of_the_shared_edge_goes_on_with_its_sites(
    one: Site, two: Site, host: Host, first: Tls, second: Tls
) -> None:
    host.site.configure(sharedEdge__memory=300)
    assert "all sites behind it refuse connections" in host.site.preview().output
    host.site.up()
    first.wait()
    second.wait()
    # What it went by can be lost, too: each site says again what leads to it.
    client = docker.from_env()
    name = f"{host.site.deployment}-shared-edge"
    container = client.containers.get(name)
    [volume] = [mount["Name"] for mount in container.attrs["Mounts"]]
    container.remove(force=True)
    client.volumes.get(volume).remove()
    host.site.up()
    assert first.ask("/", scheme="http")[0] == 421
    for site, tls in ((one, first), (two, second)):
        assert site.up().changes()["updated"] == 1
        tls.wait()
        assert site.up().changes().keys() == {"unchanged"}


def test_a_site_goes_to_ports_of_its_own_and_back(
    two: Site, host: Host, first: Tls, second: Tls
) -> None:
    alone = Tls(authority=host.authority.file, domain=second.domain)
    two.unset("site.sharedEdge")
    two.configure(tls__httpPort=alone.http, tls__httpsPort=alone.https)
    assert "visitors then come to the site's own ports" in two.preview().output
    two.up()
    assert alone.ask("/seen/")[0] == 200
    assert first.ask("/", scheme="http", domain=second.domain)[0] == 421
    host.put_behind(two, second.domain)
    assert f"visitors then come through {host.site.deployment}" in two.preview().output
    two.up()
    assert second.ask("/seen/")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        alone.ask("/seen/")


def test_a_site_behind_it_gets_its_certificate_by_itself(
    two: Site, host: Host, tmp_path: Path
) -> None:
    two.destroy()
    pebble = Pebble(tmp_path, asks=host.ports[0], life=3600)
    try:
        for key in ("tls.certificate", "tls.key"):
            two.unset(key)
        two.configure(
            tls__mode="auto",
            tls__acme__email="tests@example.org",
            tls__acme__directory=pebble.directory,
            tls__acme__ca=pebble.ca.read_text(),
        )
        two.up()
        http, https = host.ports
        tls = Tls(authority=pebble.root, domain="two.example.org", http=http, https=https)
        assert tls.ask("/seen/")[0] == 200
        # A further one is asked for by the edge, which serves on.
        before = ids(two)[f"{two.deployment}-edge"]
        two.configure(site__domains=["two.example.org", "more.example.org"])
        two.up()
        assert tls.ask("/", domain="more.example.org")[0] == 308
        assert ids(two)[f"{two.deployment}-edge"] == before
    finally:
        pebble.remove()


def test_it_goes_when_the_last_site_has_gone(one: Site, two: Site, host: Host, first: Tls) -> None:
    status = host.site.command("operate.status", host.site.deployment)
    assert status.code == 0, status.output
    assert "one.example.org" in status.output
    two.destroy()
    one.destroy()
    assert (
        json.loads(host.site.command("operate.status", host.site.deployment, "--json").output)[
            "sites"
        ]
        == {}
    )
    host.site.destroy()
    assert ids(host.site) == {}
