"""The edge: traffic moves to the next release under visitors' open connections, and loses none.

The tests of this module build on each other, in order, on one deployment.
"""

import asyncio
import base64
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import docker.errors
import pytest
from docker.models.containers import Container

from bench.slow import Slow, Waited, visit
from components.host.docker_host import Host
from components.place import Place
from tests.certificates import Authority, Issued
from tests.integration import hostile
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.edge_visits import FINE, VIEWS, Connect, Visitor, crowd
from tests.integration.harness import Run, Site
from tests.integration.tls_visits import LOCAL, Newcomers, Tls, by_http2, ciphers, takes
from tests.secret_leaks import leaks


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    site = make_site("edge")
    with (site.folder / "example/lanterna/urls.py").open("a") as stream:
        stream.write(VIEWS)
    site.configure(seed=[], processes__web__stopGrace=10)
    return site


@pytest.fixture(scope="module")
def first_up(site: Site) -> Run:
    return site.up()


def containers(site: Site) -> dict[str, str]:
    """Id by name, of the deployment's containers that run."""
    found = docker.from_env().containers.list(filters=site.labelled())
    return {str(c.name): str(c.id) for c in found}


def said_in(container: Container, script: str) -> str:
    """What a script prints in a container, errors included."""
    output = container.exec_run(["sh", "-c", script]).output
    assert isinstance(output, bytes)
    return output.decode()


def plain(site: Site) -> Connect:
    """How visitors connect to the site on its port of the loopback."""
    return lambda: http.client.HTTPConnection("127.0.0.1", site.port, timeout=40)


def send(site: Site, method: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and body of one request, on a connection of its own."""
    connection = plain(site)()
    connection.request(
        method, "/seen/", body, headers, encode_chunked="Transfer-Encoding" in headers
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer.status, json.loads(text) if text.startswith("{") else text


@pytest.mark.essential("open connections")
def test_open_connections_go_on_to_the_next_release(site: Site, first_up: Run) -> None:
    with crowd(plain(site)) as quiet:
        # The first is a reload besides, whose old worker knows the old backend only.
        for changes in (
            {"releases.redeploy": 1, "site.maxBodySize": hostile.LIMIT},
            {"releases.redeploy": 2},
        ):
            before = site.outputs()["containers"]
            site.configure(**changes)
            site.up()
            after = site.outputs()["containers"]
            assert after["edge"] == before["edge"]
            assert before["backend"] not in containers(site)
        quiet.over.set()
        quiet.join()
        # On a connection that is older than the backend that answers.
        answer = quiet.ask()
        assert containers(site)[after["backend"]].startswith(answer["host"])


@pytest.mark.essential("forwarded")
def test_what_visitors_claim_of_themselves_is_replaced(site: Site, first_up: Run) -> None:
    lies = {
        "X-Forwarded-For": "1.1.1.1",
        "X-Real-IP": "1.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Ssl": "on",
        "Forwarded": "for=1.1.1.1",
        "SCRIPT_NAME": "/evil",
    }
    _, seen = send(site, "GET", **lies)
    assert "1.1.1.1" not in seen["X-Forwarded-For"]
    assert seen["X-Real-Ip"] == seen["X-Forwarded-For"]
    assert seen["X-Forwarded-Proto"] == "http"
    assert seen["X-Forwarded-Host"] == f"127.0.0.1:{site.port}"
    assert seen["X-Forwarded-Port"] == str(site.port)
    assert len(seen["X-Request-Id"]) == 36
    assert {"X-Forwarded-Ssl", "Forwarded"} & seen.keys() == set()
    assert send(site, "GET", **{"X-Request-ID": "mine"})[1]["X-Request-Id"] == "mine"


def test_what_comes_past_the_edge_is_not_believed(site: Site, first_up: Run) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    for network in backend.attrs["NetworkSettings"]["Networks"].values():
        connection = http.client.HTTPConnection(network["IPAddress"], 8000, timeout=40)
        lies = {"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https", "X-Real-IP": "1.1.1.1"}
        connection.request("GET", "/seen/", headers={"Host": "127.0.0.1", **lies})
        seen = json.loads(connection.getresponse().read())
        assert seen["host"]
        assert not lies.keys() & {name.title() for name in seen}
    # The same, as the edge says it.
    assert send(site, "GET")[1]["X-Forwarded-Proto"] == "http"


@pytest.mark.essential("hostile requests")
def test_nothing_hostile_gets_through(
    site: Site, first_up: Run, record_property: Callable[[str, object], None]
) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    requests = list(hostile.table(f"127.0.0.1:{site.port}"))
    slow = socket.create_connection(("127.0.0.1", site.port), timeout=30)
    slow.sendall(b"GET /caught/ HTTP/1.1\r\nX-A: ")
    with ThreadPoolExecutor(8) as pool:
        through = [x for x in pool.map(lambda r: hostile.send(site.port, r), requests) if x]
    assert through == []
    assert "No such file" in said_in(backend, "cat /tmp/caught")
    # Whoever never ends is sent away, after 20 seconds.
    assert not slow.recv(4096).startswith(b"HTTP/1.1 2")
    assert send(site, "GET")[0] == 200
    record_property(LOAD, f"hostile requests: {len(requests)} tried, {len(through)} got through")


@pytest.mark.essential("slow visitors")
def test_visitors_on_slow_lines_keep_nobody_waiting(site: Site, first_up: Run) -> None:
    # Of each more than there are threads: with one in each, nothing would be answered any more.
    waited = asyncio.run(_beside_slow_ones(site, uploads=20, downloads=20))
    assert waited.failures == []
    assert len(waited.seconds) == 60
    assert waited.at(1.0) < 10


async def _beside_slow_ones(site: Site, uploads: int, downloads: int) -> Waited:
    slow = Slow(port=site.port, upload="/seen/", download="/large/", size=2_000_000)
    waited = Waited()
    async with slow.crowd(uploads, downloads, arrival=1.0):
        await asyncio.sleep(1)
        await visit(site.port, 10, 6, waited, "/seen/")
    assert slow.lost == 0
    return waited


def test_events_arrive_one_by_one(site: Site, first_up: Run) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=40)
    connection.request("GET", "/events/")
    answer = connection.getresponse()
    began = time.monotonic()
    assert answer.read(9) == b"data: 0\n\n"
    # All of them take ten.
    assert time.monotonic() - began < 8
    connection.close()


def test_uploads_on_their_way_are_bounded(site: Site, first_up: Run) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    fill = "dd if=/dev/zero of=/tmp/fill bs=1M count=1100 2>&1; ls -s /tmp/fill; rm /tmp/fill"
    assert "No space left on device" in said_in(backend, fill)


@pytest.mark.essential("large bodies")
def test_the_body_limit_changes_without_a_new_container_or_a_lost_request(
    site: Site, first_up: Run
) -> None:
    before = containers(site)
    assert send(site, "POST", b"x" * 2 * 2**20)[1]["read"] == 2 * 2**20
    site.configure(site__maxBodySize=1)
    with crowd(plain(site)):
        run = site.up()
        time.sleep(1)
    assert run.changes()["updated"] == 1, run.output
    assert containers(site) == before
    assert send(site, "POST", b"x" * 2**20)[0] == 200
    status, page = send(site, "POST", b"x" * (2**20 + 1))
    assert (status, "Too large" in page) == (413, True)
    status, page = send(site, "POST", iter([b"x"]), **{"Transfer-Encoding": "chunked"})
    assert (status, "say their length" in page) == (411, True)


def test_a_release_that_brings_its_own_health_path_loses_no_request(
    site: Site, first_up: Run
) -> None:
    with (site.folder / "example/lanterna/urls.py").open("a") as stream:
        stream.write(FINE)
    site.configure(processes__web__health="/fine/")
    with crowd(plain(site)):
        site.up()
        time.sleep(1)
    site.configure(processes__web__health="/health/")
    with crowd(plain(site)):
        site.up()


def test_a_restarted_edge_sends_requests_where_it_did(site: Site, first_up: Run) -> None:
    docker.from_env().containers.get(f"{site.deployment}-edge").restart()
    _wait_for(site, 200)


def test_without_any_backend_visitors_get_a_clean_page(site: Site, first_up: Run) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    backend.stop()
    try:
        page = _wait_for(site, 503)
    finally:
        backend.start()
    assert page[0]["retry-after"] == "5"
    assert "Back in a moment" in page[1]
    _wait_for(site, 200)


def test_a_backend_that_restarts_keeps_visitors_waiting_no_more(site: Site, first_up: Run) -> None:
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    for _ in range(3):
        began = time.monotonic()
        backend.kill()
        backend.start()
        # Refused while it starts, and tried again until it does, for five seconds.
        answer = send(site, "GET")[0]
        _wait_for(site, 200)
        if answer != 200 and time.monotonic() - began > 4:
            continue  # a machine on which it takes longer to start
        assert answer == 200
        return


def test_replicas_come_and_go(site: Site, first_up: Run) -> None:
    site.configure(processes__web__replicas=2)
    with crowd(plain(site)):
        run = site.up()
        outputs = site.outputs()
        names = outputs["containers"]["backends"]
        ids = containers(site)
        # Who has the fewest requests gets the next one: among a crowd, chance decides.
        seen: set[str] = set()
        deadline = time.monotonic() + 30
        while len(seen) < len(names) and time.monotonic() < deadline:
            seen.add(Visitor(plain(site), "/seen/", 0).ask()["host"])
        assert seen == {ids[name][:12] for name in names}
        site.configure(processes__web__replicas=1, releases__redeploy=3)
        site.up()
    assert run.changes()["created"] == 2, run.output
    assert outputs["containers"]["backend"] == names[0]
    assert outputs["row"] == "container restart"
    assert outputs["ledger"]["agrees"], outputs["ledger"]
    outputs = site.outputs()
    assert outputs["ledger"]["agrees"], outputs["ledger"]
    assert set(containers(site)) == {
        outputs["containers"]["edge"],
        outputs["containers"]["backend"],
    }


def test_maintenance_ends_with_the_same_container(site: Site, first_up: Run) -> None:
    # After several switches: another slot than the first free one still knows the container.
    edge = docker.from_env().containers.get(f"{site.deployment}-edge")
    edge.exec_run(["python3", "/usr/local/lib/edge/control.py", "maintenance"])
    assert send(site, "GET")[0] == 503
    done = site.command("migrations.window", site.deployment)
    assert done.code == 0, done.output
    assert send(site, "GET")[0] == 200


def test_a_container_that_only_has_the_checks_name_is_left_alone(site: Site, first_up: Run) -> None:
    client, name = docker.from_env(), f"{site.deployment}-migration-check"
    image = Host().base_image("")[0]
    theirs = client.containers.create(image, "true", name=name)
    try:
        site.configure(releases__redeploy=4)
        run = site.up(check=False)
        assert run.code != 0
        assert f"docker rename {name} ANOTHER-NAME" in run.output
        theirs.reload()
        theirs.rename(f"{name}-of-somebody")
        # What an interrupted update left has the labels, too.
        left = client.containers.create(
            image, "true", name=name, labels=Place(site.deployment).labels("migration-check")
        )
        site.up()
        with pytest.raises(docker.errors.NotFound):
            left.reload()
        theirs.reload()
    finally:
        theirs.remove()


def test_a_proxy_of_ones_own_reaches_what_has_passed_its_gate(site: Site, first_up: Run) -> None:
    site.configure(site__edge=False, site__origin=site.url)
    site.up()
    assert f"{site.deployment}-edge" not in containers(site)
    upstream = site.outputs()["upstream"]
    first = _asked_on(upstream)
    assert [id_[:12] for id_ in containers(site).values()] == [first]
    # That it joined a network after its gate is no difference that a refresh finds.
    again = site.pulumi("up", "--yes", "--refresh", "-s", site.stack, check=True)
    assert set(again.changes()) == {"unchanged"}, again.output
    site.configure(releases__redeploy=5)
    site.up()
    second = _asked_on(upstream)
    assert [id_[:12] for id_ in containers(site).values()] == [second]
    assert second != first
    _prune(site, second)
    site.up()
    assert [id_[:12] for id_ in containers(site).values()] == [_asked_on(upstream)]
    site.configure(site__edge=True)
    site.up()
    assert docker.from_env().networks.list(names=[upstream["network"]]) == []
    _wait_for(site, 200)


DOMAINS = ("www.example.org", "example.org")
# Of TLS 1.2, the ones of Mozilla's "intermediate" profile that go with a key on a curve.
INTERMEDIATE = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
}

# As `openssl passwd -6` prints it for open-sesame.
ADAS_PASSWORD = (
    "$6$abcdefgh$nMtyG40GAPN2YsxLY1c4KoWs62vTlTeTI8K53ewlaSdTLb6X"
    "3v01TjqutTIx2QcVQ1hCf5JnrGYIlCwHTsj8U0"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(*DOMAINS)


@pytest.fixture(scope="module")
def tls(site: Site, first_up: Run, authority: Authority, issued: Issued) -> Tls:
    """The site, whose edge ends TLS from here on."""
    made = Tls(authority=authority.file, domain=DOMAINS[0])
    site.unset("site.origin")
    site.configure(
        site__domains=DOMAINS,
        tls__mode="files",
        tls__httpPort=made.http,
        tls__httpsPort=made.https,
    )
    site.configure_secret(tls__certificate=issued.certificate, tls__key=issued.key)
    site.up()
    return made


@pytest.mark.essential("tls")
def test_the_edge_ends_tls_for_its_domains(site: Site, tls: Tls) -> None:
    _, _, seen = tls.ask("/seen/", **{"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "http"})
    said = json.loads(seen)
    assert (said["X-Forwarded-Proto"], said["X-Forwarded-Port"]) == ("https", str(tls.https))
    assert "1.1.1.1" not in said["X-Forwarded-For"]
    assert said["Host"] == f"www.example.org:{tls.https}"
    assert site.outputs()["url"] == tls.origin
    # Once https has worked; what the application says itself stays.
    hsts = [tls.ask("/seen/", domain=d)[1]["strict-transport-security"] for d in DOMAINS]
    assert hsts == ["max-age=3600", "max-age=63072000"]
    for scheme in ("http", "https"):
        for domain in DOMAINS if scheme == "http" else DOMAINS[1:]:
            status, headers, _ = tls.ask("/a/?b=c", scheme=scheme, domain=domain)
            assert (status, headers["location"]) == (308, f"{tls.origin}/a/?b=c")
    if tls.has_ipv6:
        assert tls.ask("/seen/", address="::1")[0] == 200


def test_by_http2_bodies_have_to_say_their_length_too(tls: Tls) -> None:
    assert by_http2(tls, "GET", "/seen/") == 200
    assert by_http2(tls, "POST", "/seen/", b"x") == 411


def test_versions_and_ciphers_are_the_intermediate_profiles(tls: Tls) -> None:
    versions = ssl.TLSVersion
    assert [takes(tls, v) for v in (versions.TLSv1, versions.TLSv1_1)] == [False, False]
    assert [takes(tls, v) for v in (versions.TLSv1_2, versions.TLSv1_3)] == [True, True]
    assert ciphers(tls) == INTERMEDIATE


def test_sslyze_finds_nothing_that_the_intermediate_profile_forbids(tls: Tls) -> None:
    trust = ("--certinfo_ca_file", str(tls.authority))
    words = (*trust, "--mozilla_config", "intermediate", f"{tls.domain}:{tls.https}{{{LOCAL}}}")
    done = subprocess.run(
        [sys.executable, "-m", "sslyze", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert re.search(rf"{re.escape(tls.domain)}:{tls.https}: OK - Compliant", done.stdout)


def test_the_certificates_key_is_where_the_edge_reads_it_alone(
    site: Site, tls: Tls, issued: Issued
) -> None:
    edge = docker.from_env().containers.get(f"{site.deployment}-edge")
    # What is before says of what kind the key is, and what is behind is public.
    secret = "".join(issued.key.splitlines()[1:-1])[48:88]
    shown = {
        "inspect": json.dumps(edge.attrs),
        "log": edge.logs().decode(),
        "processes": str(edge.top()),
        "state": site.pulumi("stack", "export", "-s", site.stack, check=True).output,
        "preview": site.pulumi("preview", "--diff", "-s", site.stack, check=True).output,
        "config": (site.folder / f"stacks/Pulumi.{site.stack}.yaml").read_text(),
    }
    assert [name for name, text in shown.items() if leaks(secret, text)] == []
    assert said_in(edge, "stat -c '%a %U' /var/lib/edge/certificate.pem") == "600 haproxy\n"


def test_a_certificate_that_is_no_good_changes_nothing(
    site: Site, tls: Tls, authority: Authority, issued: Issued
) -> None:
    before, serial = containers(site), tls.shown()
    expired, other = authority.issue(*DOMAINS, ends=-0.5), authority.issue("www.example.net")
    for certificate, key, says in (
        (other.certificate, issued.key, "tls.certificate is not the one that tls.key belongs to"),
        (expired.certificate, expired.key, "tls.certificate ended on"),
        (other.certificate, other.key, "is not made out to www.example.org, example.org of"),
    ):
        site.configure_secret(tls__certificate=certificate, tls__key=key)
        run = site.up(check=False)
        assert run.code != 0
        assert says in run.output
        assert "-----BEGIN" not in run.output
    assert (containers(site), tls.shown()) == (before, serial)


def test_another_certificate_is_shown_and_no_connection_is_closed(
    site: Site,
    tls: Tls,
    authority: Authority,
    record_property: Callable[[str, object], None],
) -> None:
    before, serial = containers(site), tls.shown()
    another = authority.issue(*DOMAINS)
    site.configure_secret(tls__certificate=another.certificate, tls__key=another.key)
    newcomers = Newcomers()
    with crowd(tls.connect) as quiet, newcomers.coming(tls):
        run = site.up()
        quiet.over.set()
        quiet.join()
        # On a connection that is older than the certificate.
        assert quiet.ask()["host"]
        assert tls.shown() != serial
    assert run.changes()["updated"] == 1, run.output
    assert containers(site) == before
    assert newcomers.failures == []
    record_property(LOAD, f"another certificate: {newcomers.answers} newcomers, none failed")
    # Also to an edge that starts again.
    docker.from_env().containers.get(f"{site.deployment}-edge").restart()
    tls.wait()
    assert tls.shown() != serial
    said = json.loads(site.command("operate.status", site.deployment, "--json").output)
    assert said["certificate"]["names"] == list(DOMAINS)
    again = site.pulumi("up", "--yes", "--refresh", "-s", site.stack, check=True)
    assert set(again.changes()) == {"unchanged"}, again.output


def test_who_stands_in_front_is_believed_and_strangers_stay_outside(site: Site, tls: Tls) -> None:
    client = docker.from_env()
    ingress = client.networks.get(f"{site.deployment}-ingress").attrs["IPAM"]["Config"]
    # Whoever comes from this machine has the address of Docker's gateway.
    here = [config["Subnet"] for config in ingress]
    in_front = {"X-Forwarded-For": "192.0.2.9, 198.51.100.7", "X-Forwarded-Proto": "http"}
    before = containers(site)
    site.configure(
        site__trustedProxies=[*here, "198.51.100.0/24"],
        site__access__addresses=["192.0.2.0/24"],
    )
    site.configure_secret_entry("site.access.users", "ada", ADAS_PASSWORD)
    site.up()
    assert containers(site) == before
    status, headers, _ = tls.ask("/seen/", **in_front)
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="site"')
    wrong, right = (_basic("ada", word) for word in ("let me in", "open-sesame"))
    assert tls.ask("/seen/", **in_front, Authorization=wrong)[0] == 401
    status, _, seen = tls.ask("/seen/", **in_front, Authorization=right)
    said = json.loads(seen)
    assert (status, said["X-Forwarded-For"], said["X-Real-Ip"]) == (200, "192.0.2.9", "192.0.2.9")
    assert said["X-Forwarded-Proto"] == "https"
    assert "Authorization" not in said, "it is none of the application's users"
    for stranger in ("203.0.113.5", "192.0.2.9, 203.0.113.5"):
        asked = {"X-Forwarded-For": stranger, "Authorization": right}
        assert tls.ask("/seen/", **asked)[0] == 403
    site.unset("site.access")
    site.configure(site__trustedProxies=["198.51.100.0/24"])
    site.up()
    _, _, seen = tls.ask("/seen/", **in_front)
    assert "192.0.2.9" not in seen, "nobody trusts what this machine says of others"
    site.unset("site.trustedProxies")


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def test_without_tls_the_site_is_on_the_loopback_again_and_the_key_is_gone(
    site: Site, tls: Tls
) -> None:
    for key in ("tls", "site.domains"):
        site.unset(key)
    assert "while the edge is replaced: connections are refused" in site.preview().output
    site.up()
    _wait_for(site, 200)
    edge = docker.from_env().containers.get(f"{site.deployment}-edge")
    assert "certificate.pem" not in said_in(edge, "ls /var/lib/edge")


def _prune(site: Site, backend: str) -> None:
    """Stop a backend while no proxy runs, and let the host be cleaned up."""
    client = docker.from_env()
    client.containers.get(backend).stop()
    pruned = client.networks.prune(site.labelled())["NetworksDeleted"]
    assert f"{site.deployment}-traffic" in pruned


def _asked_on(upstream: dict[str, str]) -> str:
    """The host name of the backend that answers a container on the network."""
    code = (
        "import json, sys, urllib.request as r;"
        "h = {'Host': '127.0.0.1'};"
        "print(json.load(r.urlopen(r.Request(sys.argv[1], headers=h)))['host'])"
    )
    said = docker.from_env().containers.run(
        Host().base_image("")[0],
        ["python3", "-c", code, f"http://{upstream['address']}/seen/"],
        network=upstream["network"],
        remove=True,
    )
    return str(said.decode().strip())


def _wait_for(site: Site, status: int) -> tuple[dict[str, str], str]:
    """Headers and body of the first answer with a status; others before it are let pass."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
            connection.request("GET", "/seen/")
            answer = connection.getresponse()
            if answer.status == status:
                return {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode()
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    raise AssertionError(f"no answer with status {status} within 30 s")
